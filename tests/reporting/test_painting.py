"""Arrays as pictures."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from colibri_geo.reporting.painting import (
    choose_bands,
    encode_jpeg,
    enlarge,
    fit_stretch,
    paint_change,
    paint_image,
)


def test_brighter_ground_is_drawn_brighter() -> None:
    """With one stretch for both dates, a date that is brighter looks brighter."""
    before = np.linspace(0.0, 0.1, 300, dtype=np.float32).reshape(3, 10, 10)
    observed = np.ones((10, 10), dtype=bool)
    stretch = fit_stretch([before, before * 2], [observed, observed])
    dark, bright = (paint_image(image, observed, stretch).mean() for image in (before, before * 2))
    assert bright > dark + 10


def test_unobserved_values_do_not_set_the_stretch() -> None:
    """A cloud, however bright, changes nothing in the picture of the ground around it."""
    rng = np.random.default_rng(1)
    image = rng.random((3, 20, 20), dtype=np.float32)
    observed = np.ones((20, 20), dtype=bool)
    observed[:5] = False
    cloudy = image.copy()
    cloudy[:, :5] = 1000.0
    first, second = (paint_image(values, observed, fit_stretch([values], [observed])) for values in (image, cloudy))
    np.testing.assert_array_equal(first, second)


def test_nothing_observed_gives_no_stretch() -> None:
    """Without one observed pixel there is nothing to stretch, and the picture is flat grey."""
    image = np.full((3, 4, 4), np.nan, dtype=np.float32)
    nothing = np.zeros((4, 4), dtype=bool)
    assert fit_stretch([image], [nothing]) is None
    assert len(np.unique(paint_image(image, nothing, None))) == 1


def test_constant_ground_is_drawn() -> None:
    """Ground of one value, without any contrast, is drawn without a division by zero."""
    image = np.full((3, 4, 4), 0.5, dtype=np.float32)
    observed = np.ones((4, 4), dtype=bool)
    assert len(np.unique(paint_image(image, observed, fit_stretch([image], [observed])))) == 1


def test_hatching_covers_unseen_pixels_exactly() -> None:
    """On the enlarged picture, grey stands on all of the unseen pixels and on none of the seen."""
    colours = np.zeros((10, 10, 3), dtype=np.uint8)
    observed = np.ones((10, 10), dtype=bool)
    observed[2:5, 3:9] = False
    large = enlarge(colours, observed, size_px=100)
    np.testing.assert_array_equal(large.any(axis=2), np.kron(~observed, np.ones((10, 10), dtype=bool)))


def test_change_shows_its_sign() -> None:
    """Gain of bare ground is drawn orange, loss purple, none almost white."""
    change = np.array([[6.0, -6.0, 0.0]], dtype=np.float32)
    gain, loss, none = (paint_change(change, np.ones((1, 3), dtype=bool))[0, place].astype(int) for place in range(3))
    assert gain[0] > gain[2]
    assert loss[2] > loss[1]
    assert none.min() > 240


def test_jpeg_is_the_same_each_time_and_bare() -> None:
    """The same picture gives the same bytes, without any metadata."""
    colours = np.random.default_rng(2).integers(0, 255, (16, 16, 3), dtype=np.uint8)
    first, second = encode_jpeg(colours), encode_jpeg(colours)
    info: dict[Any, Any] = dict(Image.open(io.BytesIO(first)).info)
    assert first == second
    assert not {"exif", "comment", "icc_profile"} & set(info)


def test_pure_noise_can_be_written() -> None:
    """A picture that does not compress at all is written too."""
    noise = np.random.default_rng(3).integers(0, 256, (420, 420, 3), dtype=np.uint8)
    assert Image.open(io.BytesIO(encode_jpeg(noise))).size == (420, 420)


def test_bands_of_radar_are_drawn_grey() -> None:
    """Where no three bands fit, one is drawn."""
    assert choose_bands(("nir", "green", "red")) == ("nir", "red", "green")
    assert choose_bands(("vv", "vh")) == ("vv",)
