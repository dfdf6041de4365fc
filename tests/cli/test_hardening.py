"""What the command line forbids the readers of its process: each switch is taken out once, and an attack works."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.errors import NotGeoreferencedWarning

from colibri_geo.cli.hardening import reading_children
from colibri_geo.hardening import CACHE, REFUSED_DRIVERS, SETTINGS, SILENCE, THREADS, harden
from colibri_geo.isolation import call
from tests.support import children
from tests.support.hostile import listening
from tests.support.importing import list_import_paths

DRIVERS = """
import pyogrio, rasterio
with rasterio.Env() as env:
    print(*env.drivers(), sep="\\n")
print(*pyogrio.list_drivers(), sep="\\n")
"""
CRS = "EPSG:32618"
HIT = "hit"
RECIPE = """<VRTDataset rasterXSize="32" rasterYSize="32"><VRTRasterBand dataType="Byte" band="1" {kind}>{code}
<SimpleSource><SourceFilename>{path}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>
</VRTRasterBand></VRTDataset>"""
PIXEL_FUNCTION = """<PixelFunctionType>run</PixelFunctionType><PixelFunctionLanguage>Python</PixelFunctionLanguage>
<PixelFunctionCode><![CDATA[
def run(given, taken, *rest, **more):
    print("hit", flush=True)
    taken[:] = 1
]]></PixelFunctionCode>"""
REDIRECTED_TABLE = """<OGRVRTDataSource><OGRVRTLayer name="secret">
<SrcDataSource>{path}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"""


@dataclass(frozen=True)
class Attack:
    """What an input does to a reader that is not told otherwise.

    Attributes
    ----------
    switch : str
        The one that stops it.
    prepare : callable
        Puts the input into a folder; takes the port of a server too. Returns the code of a program that reads it, and
        that prints ``hit`` where the attack worked.
    also : tuple of str
        Further switches that stop it, and are out while this one is tried.
    environment : dict
        What a user's own environment holds.
    """

    switch: str
    prepare: Callable[[Path, int], str]
    also: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)


def _write(path: Path, value: int = 7, side_px: int = 32, *, placed: bool = True) -> Path:
    grid = {"crs": CRS, "transform": Affine(10, 0, 500_000, 0, -10, 100_000)} if placed else {}
    profile = {"driver": "GTiff", "width": side_px, "height": side_px, "count": 1, "dtype": "uint8", **grid}
    with rasterio.open(path, "w", **profile) as image:
        image.write(np.full((1, side_px, side_px), value, dtype=np.uint8))
    return path


def _read(path: Path | str, told: str) -> str:
    return f"import rasterio\nwith rasterio.open({str(path)!r}) as image:\n    print({told})"


def _redirect_raster(folder: Path, _: int) -> str:
    """An image that is a recipe: it reads another file."""
    hidden, image = _write(folder / "hidden.tif"), folder / "image.tif"
    image.write_text(RECIPE.format(kind="", code="", path=hidden), encoding="utf-8")
    return _read(image, "'hit' if image.read(1).max() == 7 else ''")


def _redirect_table(folder: Path, _: int) -> str:
    """A layer that is a recipe: it reads another file, which is no layer at all."""
    secret, table = folder / "secret.csv", folder / "table.geojson"
    secret.write_text("word\nhidden\n", encoding="utf-8")
    table.write_text(REDIRECTED_TABLE.format(path=secret), encoding="utf-8")
    return (
        f"import pyogrio\nframe = pyogrio.read_dataframe({str(table)!r}, read_geometry=False)\nprint('hit', len(frame))"
    )


def _run_code(folder: Path, _: int) -> str:
    """A recipe with a function of its own in Python."""
    hidden, image = _write(folder / "hidden.tif"), folder / "image.tif"
    kind = 'subClass="VRTDerivedRasterBand"'
    image.write_text(RECIPE.format(kind=kind, code=PIXEL_FUNCTION, path=hidden), encoding="utf-8")
    return _read(image, "image.read(1).max()")


def _put_mask_beside(folder: Path, _: int) -> str:
    """A file beside the image that masks all of it."""
    image = _write(folder / "image.tif")
    with rasterio.open(
        folder / "image.tif.msk", "w", driver="GTiff", width=32, height=32, count=1, dtype="uint8"
    ) as mask:
        mask.write(np.zeros((1, 32, 32), dtype=np.uint8))
        mask.update_tags(INTERNAL_MASK_FLAGS_1="2")
    return _read(image, "'hit' if image.dataset_mask().max() == 0 else ''")


def _put_overview_beside(folder: Path, _: int) -> str:
    """A file beside the image with other pixels for its smaller scales."""
    image = _write(folder / "image.tif")
    _write(folder / "image.tif.ovr", value=9, side_px=16)
    return _read(image, "'hit' if image.overviews(1) else ''")


def _put_names_beside(folder: Path, _: int) -> str:
    """A file beside the image with other names for its bands."""
    image = _write(folder / "image.tif")
    band = '<PAMRasterBand band="1"><Description>forged</Description></PAMRasterBand>'
    (folder / "image.tif.aux.xml").write_text(f"<PAMDataset>{band}</PAMDataset>", encoding="utf-8")
    return _read(image, "'hit' if image.descriptions[0] == 'forged' else ''")


def _put_place_beside(folder: Path, _: int) -> str:
    """A file beside the image that puts it elsewhere."""
    image = _write(folder / "image.tif", placed=False)
    (folder / "image.tfw").write_text("30\n0\n0\n-30\n1000\n2000\n", encoding="utf-8")
    return _read(image, "'hit' if image.transform.a == 30 else ''")


def _ask_raster_of_server(_: Path, port: int) -> str:
    """A raster whose bytes lie at an address."""
    return _read(f"/vsicurl/http://127.0.0.1:{port}/a.tif", "''")


def _ask_table_of_server(_: Path, port: int) -> str:
    """A layer whose bytes lie at an address."""
    return f"import pyogrio\npyogrio.read_info('/vsicurl/http://127.0.0.1:{port}/a.gpkg')"


def _ask_grid_of_server(_: Path, port: int) -> str:
    """A change of datum, for which PROJ fetches a table where it may."""
    return (
        f"import os\nos.environ['PROJ_NETWORK_ENDPOINT'] = 'http://127.0.0.1:{port}'\nfrom pyproj import Transformer\n"
        "Transformer.from_crs('EPSG:4267', 'EPSG:4326', always_xy=True).transform(-100, 40)"
    )


_BESIDE = ("GDAL_DISABLE_READDIR_ON_OPEN", "GDAL_GEOREF_SOURCES")
ATTACKS = (
    Attack("GDAL_SKIP", _redirect_raster),
    Attack("GDAL_SKIP", _redirect_table),
    Attack("GDAL_VRT_ENABLE_PYTHON", _run_code, ("GDAL_SKIP",), {"GDAL_VRT_ENABLE_PYTHON": "YES"}),
    Attack("GDAL_DISABLE_READDIR_ON_OPEN", _put_mask_beside),
    Attack("GDAL_DISABLE_READDIR_ON_OPEN", _put_overview_beside),
    Attack("GDAL_PAM_ENABLED", _put_names_beside, _BESIDE),
    Attack("GDAL_GEOREF_SOURCES", _put_place_beside, _BESIDE[:1]),
    Attack("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", _ask_raster_of_server),
    Attack("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", _ask_table_of_server),
    Attack("PROJ_NETWORK", _ask_grid_of_server, environment={"PROJ_NETWORK": "ON"}),
)


def _run(code: str, *, without: tuple[str, ...] = (), environment: dict[str, str] | None = None) -> str:
    """Run a program in the hardened environment but for some of its switches; return what it prints."""
    own = {name: value for name, value in os.environ.items() if name not in SETTINGS} | (environment or {})
    hardened = dict(own)
    harden(hardened)
    softened = {name: value for name, value in hardened.items() if name not in without}
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        env={**own, **softened},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return ended.stdout


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore", category=NotGeoreferencedWarning)
@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.prepare.__name__.strip("_") for attack in ATTACKS])
def test_a_switch_stops_an_attack(tmp_path: Path, attack: Attack) -> None:
    """The attack works while the switch is out, and does not with the switch and nothing else that would stop it."""
    calls: list[str] = []
    with listening(calls) as port:
        code = attack.prepare(tmp_path, port)
        output = _run(code, without=(attack.switch, *attack.also), environment=attack.environment)
        assert HIT in output or calls
        calls.clear()
        output = _run(code, without=attack.also, environment=attack.environment)
        assert HIT not in output
        assert not calls


def test_every_switch_has_its_attack() -> None:
    """No switch is there for show."""
    assert {attack.switch for attack in ATTACKS} == SETTINGS.keys()


@pytest.mark.slow
def test_drivers_that_lead_elsewhere_are_gone() -> None:
    """Neither of the two GDALs in the process has a driver left that follows an input to other files or addresses."""
    drivers = {name.upper() for name in _run(DRIVERS).splitlines()}
    assert {"GTIFF", "JP2OPENJPEG", "ESRI SHAPEFILE"} <= drivers
    assert drivers.isdisjoint(REFUSED_DRIVERS)
    assert not {name.upper() for name in _run(DRIVERS, without=("GDAL_SKIP",)).splitlines()}.isdisjoint(REFUSED_DRIVERS)


def test_only_settings_are_set() -> None:
    """Nothing else in the environment is touched, and GDAL's own remarks are kept when they are asked for."""
    quiet, loud = {"PATH": "/bin"}, {"PATH": "/bin"}
    harden(quiet)
    harden(loud, silent=False)
    assert quiet == {"PATH": "/bin", **SETTINGS, **THREADS, **CACHE, **SILENCE}
    assert loud == {"PATH": "/bin", **SETTINGS, **THREADS, **CACHE}


def test_a_users_habits_do_not_soften(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a user's environment allows GDAL is taken back."""
    for name in SETTINGS:
        monkeypatch.setenv(name, "YES")
    harden(os.environ)
    assert {name: os.environ[name] for name in SETTINGS} == SETTINGS


def test_reading_children_are_hardened(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes that decode have the environment of the command line."""
    monkeypatch.setenv("PYTHONPATH", list_import_paths(project))
    harden(os.environ)
    with reading_children():
        found = {name: call(children.tell_environment, name) for name in SETTINGS}
    assert found == SETTINGS


@pytest.mark.parametrize("silent", [True, False])
def test_remarks_of_children_follow_those_of_gdal(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], silent: bool
) -> None:
    """Where GDAL's own remarks are kept, as for ``--debug``, those of the processes that decode are too."""
    monkeypatch.setenv("PYTHONPATH", list_import_paths(project))
    harden(os.environ, silent=silent)
    with reading_children():
        call(children.chatter, "a remark")
    assert ("a remark" in capfd.readouterr().err) != silent


def test_number_of_threads_is_the_users() -> None:
    """A number of threads that the user chose stands."""
    environment = {"OPENBLAS_NUM_THREADS": "7"}
    harden(environment)
    assert environment["OPENBLAS_NUM_THREADS"] == "7"


def test_commands_leave_dask_to_schedulers() -> None:
    """Where images are read nothing imports Dask, which takes long; whoever asks for it afterwards has it."""
    pytest.importorskip("dask", reason="Dask is not installed: pip install 'colibri_geo[scale]'")
    code = """
import sys
from colibri_geo.cli.hardening import reading_children
with reading_children():
    import colibri_geo.scenes.inspecting
    print("dask" in sys.modules)
    import dask
    print(dask.is_dask_collection(1))
"""
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ended.stdout.split() == ["False", "False"]
