"""Six real dates of a temperate forest without any strip, and masks made by hand over them."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import rasterio

from colibri_geo import Run, compare
from colibri_geo.scenes.masks import Unseen, decode_scl
from colibri_geo.settings import Settings

pytestmark = pytest.mark.slow

DATES = ("2015-08-31", "2016-06-16", "2016-08-15", "2017-06-06", "2017-07-21", "2018-08-25")


def compare_dates(folder: Path, first: str, second: str, **options: object) -> Run:
    """Compare two of the dates; dates and masks are in the names alone."""
    masks = {f"{which}_mask": folder / f"s2_{day}_SCL.tif" for which, day in (("before", first), ("after", second))}
    files = [folder / f"s2_{day}_B2B3B4B8.tif" for day in (first, second)]
    known = {"before_date": first, "after_date": second, "bands": "blue,green,red,nir", **masks}
    return compare(*files, **known | options)  # type: ignore[arg-type]


@pytest.fixture
def romania(real_data: Path) -> Path:
    """Folder of the six dates."""
    return real_data / "romania_s2"


@pytest.mark.parametrize("pair", list(combinations(DATES, 2)), ids="_".join)
def test_nothing_is_called_new(romania: Path, pair: tuple[str, str]) -> None:
    """Between no two of the dates, and at neither operating point, is a strip called new: there is none."""
    for point in ("report", "watch"):
        run = compare_dates(romania, *pair, settings=Settings().replace(operating_point=point))
        assert not run.strips["verdict"].isin(["new", "extended"]).any()
        assert run.observed.iloc[0]["observed_share"] > 0.9


def hand_made_mask(shape: tuple[int, int]) -> np.ndarray:
    """Clear ground (4) with blobs of no data, saturation, shadow and cloud of odd sizes, some over the edges."""
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    codes = np.full(shape, 4, dtype=np.uint8)
    blobs = ((0, 40, 60, 17), (1, 90, 50, 5), (3, 20, 80, 13), (8, 75, 15, 11), (9, 0, 0, 20), (10, 60, 99, 9))
    for code, row, col, radius in blobs:
        codes[np.hypot(rows - row, cols - col) <= radius] = code
    codes[7::13, 11::17] = 9
    return codes


def seen_from(codes: np.ndarray, run: Run) -> np.ndarray:
    """Move the codes of the later date by the measured shift, to the nearest pixel; beyond the image is outside."""
    down = round(-run.pair.shift_north_m / run.pair.pixel_m)
    right = round(run.pair.shift_east_m / run.pair.pixel_m)
    framed = np.pad(codes, 10, constant_values=np.uint8(Unseen.OUTSIDE))
    return framed[10 + down : 10 + down + codes.shape[0], 10 + right : 10 + right + codes.shape[1]]


@pytest.mark.parametrize("masked", [("before",), ("after",), ("before", "after")], ids="+".join)
def test_observed_share_is_right_to_the_pixel(romania: Path, tmp_path: Path, masked: tuple[str, ...]) -> None:
    """With masks made by hand on either date, the observed pixels are exactly those that the masks leave."""
    first, second = "2016-08-15", "2017-06-06"
    options, codes = {}, {}
    for which, day in (("before", first), ("after", second)):
        with rasterio.open(romania / f"s2_{day}_SCL.tif") as dataset:
            scl, profile = dataset.read(1), dataset.profile
        if which in masked:
            scl = hand_made_mask(scl.shape)[:: -1 if which == "after" else 1]
            with rasterio.open(tmp_path / f"{which}.tif", "w", **profile) as dataset:
                dataset.write(scl.astype(profile["dtype"]), 1)
            options[f"{which}_mask"] = tmp_path / f"{which}.tif"
        codes[which] = decode_scl(scl, source=which)
    run = compare_dates(romania, first, second, **options)
    expected = np.maximum(codes["before"], seen_from(codes["after"], run))
    whole = run.observed.iloc[0]
    assert whole["observed_share"] == (expected == 0).mean() < 0.9
    assert whole["observed_km2"] == pytest.approx(whole["asked_km2"] * whole["observed_share"])
    assert run.aligned is not None
    np.testing.assert_array_equal(run.aligned.read().unseen, expected)
    # The polygons are drawn at 60 m: a row of pixels that the shift leaves outside is too thin for them.
    reasons = {Unseen(code).reason for code in np.unique(expected) if code}
    assert reasons - {"outside"} == set(run.not_observed["reason"]) - {"outside"}


def test_observed_share_is_the_same_in_every_output(romania: Path, tmp_path: Path) -> None:
    """The share of the table stands in the report, the GeoPackage and the validity raster."""
    first, second = "2016-08-15", "2017-06-06"
    with rasterio.open(romania / f"s2_{first}_SCL.tif") as dataset:
        profile = dataset.profile
    with rasterio.open(tmp_path / "mask.tif", "w", **profile) as dataset:
        dataset.write(hand_made_mask(dataset.shape).astype(profile["dtype"]), 1)
    run = compare_dates(romania, first, second, before_mask=tmp_path / "mask.tif")
    out = run.save(tmp_path / "out", rasters=True)
    share = float(run.observed.iloc[0]["observed_share"])
    with rasterio.open(out / "validity.tif") as dataset:
        codes = dataset.read(1)
    assert (codes == 0).sum() / (codes != 255).sum() == share
    assert f"{100 * share:.1f}\u00a0%" in (out / "report.html").read_text(encoding="utf-8")
