"""One simulated ground as each archive would deliver it: the same strip comes out, of one sensor and across sensors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import colibri_geo
from colibri_geo.scenes.sky import NOT_STATED
from colibri_geo.sim import TruthStrip
from tests.support.products.ground import BANDS, Ground, GroundPair, make_ground, to_integers, write_gtiff
from tests.support.products.landsat import write_landsat
from tests.support.products.planetscope import write_planetscope
from tests.support.products.sentinel2 import write_safe
from tests.support.products.stac import write_stac

pytestmark = pytest.mark.slow

CRS = "EPSG:32618"


def write_image(folder: Path, ground: Ground) -> Path:
    """Write a plain GeoTIFF with its mask."""
    folder.mkdir(parents=True, exist_ok=True)
    tags = {"TIFFTAG_DATETIME": f"{ground.acquired:%Y:%m:%d %H:%M:%S}"}
    write_gtiff(folder / "a_scl.tif", ground.scl, ground.grid)
    return write_gtiff(
        folder / "a.tif", to_integers(ground.values), ground.grid, nodata=0, tags=tags, descriptions=BANDS
    )


WRITERS: dict[str, Callable[[Path, Ground], Path]] = {
    "image": write_image,
    "safe": write_safe,
    "safe in a ZIP": lambda folder, ground: write_safe(folder, ground, zipped=True),
    "safe L1C": lambda folder, ground: write_safe(folder, ground, level="L1C"),
    "landsat": write_landsat,
    "landsat in a TAR": lambda folder, ground: write_landsat(folder, ground, tar=True),
    "planetscope": write_planetscope,
    "stac 1.0": lambda folder, ground: write_stac(folder, ground, version="1.0.0"),
    "stac 1.1": lambda folder, ground: write_stac(folder, ground, version="1.1.0"),
}
PIXEL_M = {"landsat": 30.0, "landsat in a TAR": 30.0, "planetscope": 3.0}
ENDS_PX = 1.5
"""How far an end may lie from the planted one, in pixels of the coarser image; never below 12 m, the blur of the
simulated 10 m ground that every product is made of."""


@pytest.fixture(scope="module")
def ground() -> GroundPair:
    """A forest with one new strip."""
    return make_ground()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, ground: GroundPair) -> dict[tuple[str, str], Path]:
    """Both dates in every layout."""
    folder = tmp_path_factory.mktemp("products")
    return {
        (name, date): write(folder / name.replace(" ", "_") / date, getattr(ground, date))
        for name, write in WRITERS.items()
        for date in ("before", "after")
    }


def measure_end_error(strips: gpd.GeoDataFrame, truth: TruthStrip) -> float:
    """Return the larger distance of the ends of the one new strip from the planted ones, metres."""
    new = strips[strips["verdict"] == "new"]
    assert len(new) == 1, strips[["verdict", "probability", "length_m"]].to_string()
    found = np.array(new.geometry.to_crs(CRS).item().coords)[[0, -1]]
    planted = np.array([truth.end1, truth.end2])
    return float(min(np.hypot(*(found - order).T).max() for order in (planted, planted[::-1])))


@pytest.mark.parametrize("layout", WRITERS)
def test_the_strip_comes_out_of_every_layout(
    written: dict[tuple[str, str], Path], ground: GroundPair, layout: str
) -> None:
    """Both dates from one archive give the planted strip, within the sensor's own resolution, and no other."""
    run = colibri_geo.compare(written[layout, "before"], written[layout, "after"])
    limit = max(ENDS_PX * PIXEL_M.get(layout, 10.0), 12.0)
    assert measure_end_error(run.strips, ground.truth[0]) < limit


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("safe", "landsat"),
        ("landsat", "safe"),
        ("planetscope", "safe in a ZIP"),
        ("image", "planetscope"),
        ("landsat in a TAR", "stac 1.1"),
        ("stac 1.0", "image"),
    ],
)
def test_the_strip_comes_out_across_sensors(
    written: dict[tuple[str, str], Path], ground: GroundPair, first: str, second: str
) -> None:
    """A pair of two archives gives the planted strip, within the resolution of the coarser, and no other."""
    run = colibri_geo.compare(written[first, "before"], written[second, "after"])
    limit = max(ENDS_PX * max(PIXEL_M.get(name, 10.0) for name in (first, second)), 12.0)
    assert measure_end_error(run.strips, ground.truth[0]) < limit


def test_sun_and_cloud_come_through_to_the_saved_run(written: dict[tuple[str, str], Path], tmp_path: Path) -> None:
    """What each archive states is in the manifest and comes back; where one states nothing, nothing is made up."""
    colibri_geo.compare(written["safe", "before"], written["landsat", "after"]).save(tmp_path / "run", report=False)
    run = colibri_geo.read_run(tmp_path / "run")
    assert (run.before.sun_elevation_deg, run.before.sun_azimuth_deg) == (60.0, 65.0)
    assert (run.after.sun_elevation_deg, run.after.sun_azimuth_deg) == (59.497693, 107.509356)
    assert 0 < (run.before.product_cloud_share or 0) < 1
    assert colibri_geo.open_scene(written["image", "after"]).provenance.sky == NOT_STATED


def test_what_was_seen_is_the_same_in_every_layout(written: dict[tuple[str, str], Path]) -> None:
    """The archives' own masks leave the same ground observed, however they write them."""
    shares = {
        name: colibri_geo.open_scene(written[name, "after"]).read_block().valid.mean()
        for name in WRITERS
        if name != "safe L1C"  # whose mask does not tell shadow
    }
    assert np.ptp(list(shares.values())) < 0.02, shares


@pytest.mark.parametrize(("before_baseline", "after_baseline"), [("03.01", "04.00"), ("05.00", "04.00")])
def test_findings_do_not_depend_on_the_offset(tmp_path: Path, before_baseline: str, after_baseline: str) -> None:
    """Dates on both sides of 2022-01-25 give the same strips whether the older image holds the offset or not."""
    pair = make_ground(
        before=datetime(2021, 11, 3, 15, 20, tzinfo=UTC), after=datetime(2022, 3, 21, 15, 20, tzinfo=UTC)
    )
    plain = [
        write_safe(tmp_path / f"plain_{date}", getattr(pair, date), baseline="03.01") for date in ("before", "after")
    ]
    mixed = [
        write_safe(tmp_path / f"mixed_{date}", getattr(pair, date), baseline=baseline)
        for date, baseline in (("before", before_baseline), ("after", after_baseline))
    ]
    expected, found = (colibri_geo.compare(*paths).strips for paths in (plain, mixed))
    assert len(expected)
    columns = ["probability", "length_m", "width_m", "azimuth_deg", "end1_lon", "end1_lat", "end2_lon", "end2_lat"]
    pd.testing.assert_frame_equal(found[columns], expected[columns], rtol=1e-5)
    assert list(found["verdict"]) == list(expected["verdict"])
