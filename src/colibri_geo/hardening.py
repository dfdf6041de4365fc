"""What the readers may do in a hardened process: read the named file, and nothing else.

A raster or vector file can name other files and addresses, and GDAL follows them unless it is told otherwise. The
libraries that read rasters and vectors carry a GDAL each; both take these settings from the environment, so they
must be there before either is imported. They are set by the command line for its own process, and for processes that
are started to decode images; ``import colibri_geo`` leaves the caller's environment alone.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

REFUSED_DRIVERS = (
    # built by a recipe inside the input, from other files
    *("VRT", "OGR_VRT", "DERIVED", "GTI", "GDALG", "MRF", "TIL", "GMLAS", "KMLSUPEROVERLAY"),
    # fetched from an address inside the input
    *("HTTP", "WMS", "WCS", "WMTS", "WFS", "OAPIF", "OGCAPI", "CSW", "STACIT", "STACTA", "ZARR", "TILEDB"),
    # asked of a service or a database
    *("DAAS", "EEDA", "EEDAI", "PLMOSAIC", "PLSCENES", "NGW", "CARTO", "AMIGOCLOUD", "ELASTICSEARCH", "ADBC"),
    *("ODBC", "MYSQL", "MSSQLSPATIAL", "POSTGRESQL", "POSTGISRASTER"),
    # asked of another program
    "GPSBABEL",
)

SETTINGS = {
    "GDAL_SKIP": ",".join(REFUSED_DRIVERS),
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "PROJ_NETWORK": "OFF",
}

# GDAL warns of each refused driver that its build does not have. Failures reach Python all the same.
SILENCE = {"CPL_LOG": os.devnull}

# The matrices here are small: threads that wait for each other cost more than they give. A user's own choice stands.
THREADS = {"OPENBLAS_NUM_THREADS": "1"}

# Megabytes of decoded blocks at most: those around a cell are read again when its strips are measured. Files whose
# blocks take less keep less, see `colibri_geo.scenes.decoding`. A user's own choice stands.
CACHE = {"GDAL_CACHEMAX": "224"}


def harden(environment: MutableMapping[str, str], *, silent: bool = True) -> None:
    """Set what keeps the readers to the named file.

    Parameters
    ----------
    environment : MutableMapping
        The environment of the process (``os.environ``), changed in place, before rasterio and pyogrio are
        imported.
    silent : bool
        Whether GDAL keeps its own remarks off standard error.

    Examples
    --------
    >>> environment = {"PATH": "/bin"}
    >>> harden(environment)
    >>> environment["GDAL_PAM_ENABLED"]
    'NO'
    """
    environment.update(SETTINGS)
    for name, value in (THREADS | CACHE).items():
        environment.setdefault(name, value)
    if silent:
        environment.update(SILENCE)
