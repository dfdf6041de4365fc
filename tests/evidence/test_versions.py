"""The versions that a manifest names."""

from __future__ import annotations

import platform

import numpy as np

import colibri_geo
from colibri_geo.evidence.versions import run_versions


def test_versions_are_those_in_use() -> None:
    """Versions are those of this process, each a text that is not empty."""
    versions = run_versions()
    assert versions["colibri_geo"] == colibri_geo.__version__
    assert versions["python"] == platform.python_version()
    assert versions["numpy"] == np.__version__
    assert {"scipy", "scikit-image", "rasterio", "geopandas", "shapely", "pyproj"} < versions.keys()
    assert {"gdal (rasterio)", "proj (pyproj)"} < versions.keys()
    assert all(isinstance(text, str) and text[0].isdigit() for text in versions.values())
