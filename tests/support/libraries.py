"""The libraries that do the work."""

from __future__ import annotations

HEAVY = frozenset(
    {
        *("PIL", "affine", "geopandas", "jinja2", "matplotlib", "mgrs", "numpy", "odc", "pandas", "pikepdf", "pyogrio"),
        *("pyproj", "rasterio", "rich", "scipy", "shapely", "skimage", "typst", "urllib3", "xarray"),
    }
)
"""Their top modules; none is loaded before it is needed."""
