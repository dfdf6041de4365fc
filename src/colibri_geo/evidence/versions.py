"""The versions that decide the numbers of a run."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version

import pyogrio
import pyproj
import rasterio
import shapely

from colibri_geo import __version__

DISTRIBUTIONS = (
    *("numpy", "scipy", "scikit-image", "pandas", "geopandas", "shapely", "pyproj", "rasterio", "pyogrio"),
    *("odc-geo", "mgrs", "pillow"),
)

PDF_LIBRARIES = ("typst", "pikepdf")
"""What the extra brings: typst lays the report out, pikepdf finishes its tags."""
PDF_TEMPLATE = "report.typ"
PDF_VERSIONS = (*PDF_LIBRARIES, PDF_TEMPLATE)
"""What is stated of a PDF, where there is one."""


def run_versions() -> dict[str, str]:
    """Return the versions of colibri_geo, Python and the libraries that decide numbers and bytes.

    Returns
    -------
    dict of str to str
        By name; rasterio and pyogrio carry a GDAL each, which may differ.

    Examples
    --------
    >>> sorted(run_versions())[:3]
    ['colibri_geo', 'gdal (pyogrio)', 'gdal (rasterio)']
    """
    return dict(_find_versions())


@cache
def _find_versions() -> Mapping[str, str]:
    """Look once: a scan asks twice, and each look reads the metadata of all libraries."""
    libraries = {name: version(name) for name in DISTRIBUTIONS}
    carried = {
        "gdal (pyogrio)": pyogrio.__gdal_version_string__,
        "gdal (rasterio)": rasterio.__gdal_version__,
        "geos (shapely)": shapely.geos_version_string,
        "proj (pyproj)": pyproj.proj_version_str,
    }
    return {"colibri_geo": __version__, "python": platform.python_version(), **libraries, **carried}
