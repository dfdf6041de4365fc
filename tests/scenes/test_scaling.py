"""From stored values to reflectance."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.errors import RadiometryError
from colibri_geo.scenes.scaling import RELATIVE, SURFACE, TOA, Scaling, infer_scaling

REFLECTANCE = np.linspace(0.02, 0.45, 400).reshape(2, 200)


def infer(
    sample: np.ndarray,
    tags: dict[str, str] | None = None,
    scales: tuple[float, ...] = (1.0, 1.0),
    offsets: tuple[float, ...] = (0.0, 0.0),
    *,
    source: str = "f.tif",
    said: bool = False,
) -> Scaling:
    """Infer with what most files declare: nothing."""
    return infer_scaling(sample, tags=tags or {}, scales=scales, offsets=offsets, source=source, said=said)


def physical(scaling: Scaling, sample: np.ndarray) -> np.ndarray:
    """Scale a sample, (B, K)."""
    return scaling.to_physical(sample[:, :, None], range(len(sample)))[:, :, 0]


@pytest.mark.parametrize("dtype", ["uint16", "int16", "int32", "float32", "float64"])
def test_ten_thousandths_are_reflectance(dtype: str) -> None:
    """Reflectance x 10000 is known in every number type that holds it."""
    stored = np.rint(REFLECTANCE * 10_000).astype(dtype)
    scaling = infer(stored)
    assert scaling.quantity == SURFACE
    np.testing.assert_allclose(physical(scaling, stored), REFLECTANCE, atol=6e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_up_to_two_are_reflectance_as_they_are(dtype: str) -> None:
    """Reflectance as a fraction is not scaled, and float32 comes out."""
    scaled = physical(infer(REFLECTANCE.astype(dtype)), REFLECTANCE.astype(dtype))
    np.testing.assert_allclose(scaled, REFLECTANCE, rtol=1e-6)
    assert scaled.dtype == np.float32


def test_eight_bit_pictures_are_relative() -> None:
    """An 8-bit picture has no physical unit: 0 to 1 of what the type holds."""
    stored = np.arange(256, dtype=np.uint8).reshape(2, 128)
    scaling = infer(stored)
    assert scaling.quantity == RELATIVE
    np.testing.assert_allclose(physical(scaling, stored).ravel(), np.arange(256) / 255, rtol=1e-6)


@pytest.mark.parametrize(("tag", "quantity"), [("BOA_ADD_OFFSET", SURFACE), ("RADIO_ADD_OFFSET", TOA)])
def test_the_sentinel_2_offset_is_taken_off(tag: str, quantity: str) -> None:
    """The offset that a tag states is added to stored values; the tag's name tells surface from top of atmosphere."""
    stored = np.rint(REFLECTANCE * 10_000 + 1000).astype(np.uint16)
    scaling = infer(stored, tags={tag: "-1000"})
    assert scaling.quantity == quantity
    assert scaling.text == "(stored -1000) x 0.0001"
    np.testing.assert_allclose(physical(scaling, stored), REFLECTANCE, atol=6e-5)


@pytest.mark.parametrize("text", ["nan", "-inf", "much", "1000", "-20000", ""])
def test_an_offset_tag_that_cannot_be_true_is_refused(text: str) -> None:
    """An offset is 0 or a negative number of stored units; anything else stops the reader."""
    with pytest.raises(RadiometryError, match="BOA_ADD_OFFSET"):
        infer(np.full((2, 9), 3000, np.uint16), tags={"BOA_ADD_OFFSET": text})


STORED = np.rint(REFLECTANCE * 10_000).astype(np.uint16)
PRODUCT = "S2B_MSIL2A_20180101T143749_N0500_R096_T18NYL_20230101T000000"


@pytest.mark.parametrize(
    ("tags", "source", "doubts"),
    [
        ({"BOA_ADD_OFFSET": "-1000"}, "f.tif", 0),
        ({"PROCESSING_BASELINE": "04.00"}, "f.tif", 0),
        ({"PRODUCT_ID": PRODUCT}, "f.tif", 1),
        ({}, f"{PRODUCT}_stack.tif", 1),
        ({"PROCESSING_BASELINE": "05.00"}, f"{PRODUCT}_stack.tif", 0),
    ],
)
def test_the_sentinel_2_offset_is_taken_off_once(tags: dict[str, str], source: str, doubts: int) -> None:
    """Tag, baseline, product id or name tell of the offset, the last two with a note where values fit either way.

    Values that hold none do not lose it, and it is told.
    """
    held, harmonised = (infer(values, tags, source=source) for values in (STORED + 1000, STORED))
    assert (held.text, len(held.notes)) == ("(stored -1000) x 0.0001", doubts)
    assert all("file name" in note for note in held.notes)
    np.testing.assert_allclose(physical(held, STORED + 1000), REFLECTANCE, atol=6e-5)
    assert harmonised.text == "stored x 0.0001"
    assert len(harmonised.notes) == 1
    np.testing.assert_allclose(physical(harmonised, STORED), REFLECTANCE, atol=6e-5)


def test_a_declared_offset_that_an_archive_applied_is_not_applied_again() -> None:
    """GDAL offset -0.1 over values that hold none, as some archives have it: the offset is left out, and told."""
    for tags in ({}, {"SENSOR": "Sentinel-2A"}):
        scaling = infer(STORED, tags, (1e-4, 1e-4), (-0.1, -0.1))
        np.testing.assert_allclose(physical(scaling, STORED), REFLECTANCE, atol=6e-5)
        assert (scaling.text, len(scaling.notes)) == ("stored x 0.0001", 1)
        held = infer(STORED + 1000, tags, (1e-4, 1e-4), (-0.1, -0.1))
        np.testing.assert_allclose(physical(held, STORED + 1000), REFLECTANCE, atol=6e-5)


def test_a_declared_scale_alone_leaves_the_offset_to_the_baseline() -> None:
    """Scale 0.0001 without offset says nothing of it: baseline 05.09 does."""
    scaling = infer(STORED + 1000, {"PROCESSING_BASELINE": "05.09"}, (1e-4, 1e-4))
    np.testing.assert_allclose(physical(scaling, STORED + 1000), REFLECTANCE, atol=6e-5)


def test_values_that_may_hold_an_offset_nobody_told_of_are_kept_and_told() -> None:
    """Without a word on the sensor, values that nowhere reach below 1000 are kept; the doubt is noted."""
    scaling = infer(STORED + 1000)
    assert scaling.text == "stored x 0.0001"
    assert scaling.offset is not None
    assert (scaling.offset.certain, scaling.offset.stated, len(scaling.notes)) == (False, False, 1)


def test_reflectance_as_floats_is_never_lowered() -> None:
    """Who made floats of a product may have taken the offset off: they are kept, with the doubt where there is one."""
    tags = {"PROCESSING_BASELINE": "05.09"}
    dark, bright = (infer(values.astype(np.float32), tags) for values in (REFLECTANCE, REFLECTANCE + 0.1))
    assert (dark.offsets, dark.notes) == ((0.0, 0.0), ())
    assert (bright.offsets, len(bright.notes)) == ((0.0, 0.0), 1)


@pytest.mark.parametrize("tags", [{"SENSOR": "Landsat 9 OLI-2"}, {"SATELLITE": "PlanetScope SuperDove"}])
def test_other_sensors_know_no_such_offset(tags: dict[str, str]) -> None:
    """Bright values and declared offsets of another sensor are taken as they are."""
    assert infer(STORED + 1000, tags).offset is None
    declared = infer(STORED, tags, (1e-4, 1e-4), (-0.1, -0.1))
    assert (declared.offset, declared.offsets) == (None, (-0.1, -0.1))


def test_the_user_has_the_last_word() -> None:
    """Scale and offset that a user gives stand above tags and statistic."""
    tags = {"BOA_ADD_OFFSET": "-1000", "PROCESSING_BASELINE": "05.09"}
    for offset in (0.0, -0.1):
        scaling = infer(STORED, tags, (1e-4, 1e-4), (offset, offset), said=True)
        assert (scaling.offsets, scaling.offset, scaling.notes) == ((offset, offset), None, ())
        assert "by the user" in scaling.text


def test_declared_scale_and_offset_are_each_bands_own() -> None:
    """GDAL's band scale and offset are applied band by band."""
    scales, offsets = (2.75e-5, 1e-4), (-0.2, 0.0)
    stored = np.rint((REFLECTANCE - np.array(offsets)[:, None]) / np.array(scales)[:, None]).astype(np.uint16)
    scaling = infer(stored, scales=scales, offsets=offsets)
    np.testing.assert_allclose(physical(scaling, stored), REFLECTANCE, atol=6e-5)
    only_second = scaling.to_physical(stored[1:, :, None], [1])[:, :, 0]
    np.testing.assert_array_equal(only_second, physical(scaling, stored)[1:])


def test_an_offset_stated_twice_counts_once() -> None:
    """A tag and a declared offset that agree are one offset; a tag beside a scale alone is applied."""
    stored = np.rint(REFLECTANCE * 10_000 + 1000).astype(np.uint16)
    tags = {"BOA_ADD_OFFSET": "-1000"}
    for offsets in ((-0.1, -0.1), (0.0, 0.0)):
        scaling = infer(stored, tags=tags, scales=(1e-4, 1e-4), offsets=offsets)
        np.testing.assert_allclose(physical(scaling, stored), REFLECTANCE, atol=6e-5)


def test_an_offset_stated_in_two_ways_is_refused() -> None:
    """A tag and a declared offset that differ contradict each other: neither is believed."""
    with pytest.raises(RadiometryError, match="expected one offset"):
        infer(np.full((2, 9), 3000, np.uint16), {"BOA_ADD_OFFSET": "-1000"}, (1e-4, 1e-4), (-0.2, -0.2))


@pytest.mark.parametrize(
    "sample",
    [
        np.full((2, 50), 10**15, np.int64),
        np.full((2, 50), 60_000, np.uint16),
        np.full((2, 50), -500, np.int16),
        np.full((2, 50), 1e20, np.float32),
        np.full((2, 50), 1e300, np.float64),
        np.full((2, 50), -0.3, np.float32),
        np.full((2, 50), 200, np.uint16),
        np.full((2, 50), 180.0, np.float32),
        np.zeros((2, 50), np.float32),
    ],
)
def test_values_that_are_no_reflectance_are_refused(sample: np.ndarray) -> None:
    """Numbers beyond any scale, below 0 throughout, or of an 8-bit picture in a wider type are refused, not scaled."""
    with pytest.raises(RadiometryError, match="expected reflectance"):
        infer(sample)


@pytest.mark.parametrize("scale", [0.0, float("nan"), float("inf"), -1e-4, 1.5])
def test_a_declared_scale_that_gives_no_reflectance_is_refused(scale: float) -> None:
    """What a file declares is held to the same range."""
    with pytest.raises(RadiometryError):
        infer(np.full((2, 50), 3000, np.uint16), scales=(scale, scale))


@pytest.mark.parametrize("fill", [-9999.0, -32768.0, 1e20, -3.4e38, np.inf, np.nan])
def test_fill_values_are_not_plausible(fill: float) -> None:
    """A pixel with a fill value in any band is told from ground, whether or not the file declares it."""
    values = np.full((2, 1, 3), 0.3, np.float32)
    values[1, 0, 1] = fill
    scaling = infer(np.full((2, 9), 0.3, np.float32))
    np.testing.assert_array_equal(scaling.is_plausible(values), [[True, False, True]])


def test_the_whole_range_of_sensors_is_plausible() -> None:
    """The smallest and largest values that Sentinel-2 and Landsat can store are kept."""
    extremes = np.array([(0 - 1000) * 1e-4, 65_535 * 1e-4, 1 * 2.75e-5 - 0.2, 65_535 * 2.75e-5 - 0.2], np.float32)
    assert infer(np.full((2, 9), 0.3, np.float32)).is_plausible(extremes[None, None]).all()
