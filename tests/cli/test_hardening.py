"""What the command line forbids the readers of its process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from colibri_geo.cli.hardening import REFUSED_DRIVERS, SETTINGS, SILENCE, THREADS, harden

DRIVERS = """
import os
from colibri_geo.cli.hardening import harden
harden(os.environ)
import pyogrio, rasterio
with rasterio.Env() as env:
    print(*env.drivers(), sep="\\n")
print(*pyogrio.list_drivers(), sep="\\n")
"""

OPEN = """
import os, sys
from colibri_geo.cli.hardening import harden
if sys.argv[1] == "hardened":
    harden(os.environ)
import pyogrio, rasterio
from pyogrio.errors import DataSourceError
try:
    with rasterio.open(sys.argv[2]) as image:
        print("raster", image.read(1).max())
except rasterio.errors.RasterioIOError:
    print("raster refused")
try:
    print("vector", len(pyogrio.read_dataframe(sys.argv[3], read_geometry=False)))
except DataSourceError:
    print("vector refused")
"""

REDIRECTED_TABLE = """<OGRVRTDataSource><OGRVRTLayer name="secret">
<SrcDataSource>{path}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"""


def _run(code: str, *arguments: str) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return ended.stdout.splitlines()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file that an input may not reach."""
    path = tmp_path / "secret.csv"
    path.write_text("word\nhidden\n", encoding="utf-8")
    return path


def _write_redirections(folder: Path, secret: Path) -> tuple[Path, Path]:
    """A raster and a table that are recipes leading to other files, under names that look harmless."""
    hidden = folder / "hidden.tif"
    profile = {"driver": "GTiff", "width": 4, "height": 4, "count": 1, "dtype": "uint8", "crs": "EPSG:32618"}
    transform = Affine(10, 0, 500_000, 0, -10, 100_000)
    with rasterio.open(hidden, "w", transform=transform, **profile) as image:
        image.write(np.full((1, 4, 4), 7, dtype=np.uint8))
    raster, table = folder / "image.tif", folder / "table.geojson"
    raster.write_text(
        '<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f"<SourceFilename>{hidden}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>",
        encoding="utf-8",
    )
    table.write_text(REDIRECTED_TABLE.format(path=secret), encoding="utf-8")
    return raster, table


@pytest.mark.slow
def test_drivers_that_lead_elsewhere_are_gone() -> None:
    """Neither of the two GDALs in the process has a driver left that follows an input to other files or addresses."""
    drivers = {name.upper() for name in _run(DRIVERS)}
    assert {"GTIFF", "GPKG", "GEOJSON"} <= drivers
    assert drivers.isdisjoint(REFUSED_DRIVERS)


@pytest.mark.slow
def test_redirected_inputs_are_refused(tmp_path: Path, secret: Path) -> None:
    """A raster and a table made of a recipe that leads to another file are read without hardening, not with it."""
    raster, table = _write_redirections(tmp_path, secret)
    assert _run(OPEN, "as it is", str(raster), str(table)) == ["raster 7", "vector 1"]
    assert _run(OPEN, "hardened", str(raster), str(table)) == ["raster refused", "vector refused"]


@pytest.mark.slow
def test_side_file_changes_nothing(tmp_path: Path) -> None:
    """An `.aux.xml` beside an image is not read once the process is hardened."""
    raster, _ = _write_redirections(tmp_path, tmp_path / "none.csv")
    image = tmp_path / "hidden.tif"
    side = tmp_path / "hidden.tif.aux.xml"
    side.write_text(
        '<PAMDataset><PAMRasterBand band="1"><Description>forged</Description></PAMRasterBand></PAMDataset>',
        encoding="utf-8",
    )
    code = (
        "import os, sys\nfrom colibri_geo.cli.hardening import harden\n"
        "if sys.argv[1] == 'hardened': harden(os.environ)\n"
        "import rasterio\nprint(rasterio.open(sys.argv[2]).descriptions[0])"
    )
    assert raster.exists()
    assert _run(code, "as it is", str(image)) == ["forged"]
    assert _run(code, "hardened", str(image)) == ["None"]


def test_only_settings_are_set() -> None:
    """Nothing else in the environment is touched, and GDAL's own remarks are kept when they are asked for."""
    quiet, loud = {"PATH": "/bin"}, {"PATH": "/bin"}
    harden(quiet)
    harden(loud, silent=False)
    assert quiet == {"PATH": "/bin", **SETTINGS, **THREADS, **SILENCE}
    assert loud == {"PATH": "/bin", **SETTINGS, **THREADS}


def test_number_of_threads_is_the_users() -> None:
    """A number of threads that the user chose stands."""
    environment = {"OPENBLAS_NUM_THREADS": "7"}
    harden(environment)
    assert environment["OPENBLAS_NUM_THREADS"] == "7"
