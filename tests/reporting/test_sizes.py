"""Pictures made smaller: for a phone, and for a page of many strips."""

from __future__ import annotations

import dataclasses
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from colibri_geo.reporting import StripPicture, build_model, picture_strips, render_html, shrink_pictures
from colibri_geo.reporting.pictures import PICTURE_PX
from colibri_geo.reporting.sizes import FIELD_PX, PAGE_BYTES, fit_pictures
from tests.reporting.fake_pair import FakeChangeMap, make_pair
from tests.support.example_run import example_findings, example_record, example_strips

_DOCUMENT_BYTES = 2000
"""What the text of a strip takes in the archive, and more."""


@pytest.fixture(scope="module")
def pictures() -> tuple[StripPicture, ...]:
    """Pictures of the example run."""
    pair = make_pair(example_strips())
    return picture_strips(pair, example_strips(), change=FakeChangeMap(pair))


@pytest.fixture(scope="module")
def noisy(pictures: tuple[StripPicture, ...]) -> StripPicture:
    """A picture of pure noise on each date."""
    noise = np.random.default_rng(1).integers(0, 256, (PICTURE_PX, PICTURE_PX, 3), dtype=np.uint8)
    image = io.BytesIO()
    Image.fromarray(noise).save(image, format="JPEG", quality=84)
    return dataclasses.replace(pictures[0], before=image.getvalue(), after=image.getvalue(), change=image.getvalue())


def pixels(picture: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Decode a picture."""
    return np.array(Image.open(io.BytesIO(picture)))


def weigh(picture: StripPicture) -> int:
    """Bytes of the pictures of one strip."""
    return len(picture.before) + len(picture.after) + len(picture.change or b"")


def test_pictures_for_a_phone_are_small_and_show_the_same(pictures: tuple[StripPicture, ...]) -> None:
    """A picture for a phone is the report's, smaller; it says how much ground it shows."""
    for large, small in zip(pictures, shrink_pictures(pictures), strict=True):
        assert (small.strip_id, small.north_deg) == (large.strip_id, large.north_deg)
        assert small.side_m == pytest.approx(PICTURE_PX * large.metres_per_px)
        for one, other in ((large.before, small.before), (large.after, small.after)):
            assert pixels(other).shape == (FIELD_PX, FIELD_PX, 3)
            assert pixels(other).mean() == pytest.approx(pixels(one).mean(), abs=2)


def test_three_hundred_noisy_strips_stay_below_15_mb_on_a_phone(noisy: StripPicture) -> None:
    """Even pictures of pure noise are small enough, and the same picture gives the same bytes."""
    (small,), (again,) = shrink_pictures([noisy]), shrink_pictures([noisy])
    assert small == again
    assert 300 * (len(small.before) + len(small.after) + _DOCUMENT_BYTES) < 15e6


def test_few_strips_keep_their_pictures(pictures: tuple[StripPicture, ...]) -> None:
    """Where all pictures fit on the page they stay byte for byte; without any there is nothing to do."""
    assert fit_pictures(pictures) == pictures
    assert fit_pictures(()) == ()


def test_pictures_share_the_page(pictures: tuple[StripPicture, ...], noisy: StripPicture) -> None:
    """With less room all pictures become smaller alike, stay within it, and show the same ground at the same place."""
    pictures = pictures[:2]
    room = sum(map(weigh, pictures)) // 3
    fitted = fit_pictures(pictures, page_bytes=room)
    assert sum(map(weigh, fitted)) <= room
    assert fitted == fit_pictures(pictures, page_bytes=room)
    assert len({pixels(picture.before).shape for picture in fitted}) == 1
    for large, small in zip(pictures, fitted, strict=True):
        assert (small.width_px, small.end1_px, small.profiles) == (large.width_px, large.end1_px, large.profiles)
        assert pixels(small.after).mean() == pytest.approx(pixels(large.after).mean(), abs=2)
    crowded = fit_pictures([*pictures, noisy], page_bytes=room)
    assert sum(map(weigh, crowded)) <= room


def test_three_hundred_strips_make_a_page_below_15_mb(noisy: StripPicture) -> None:
    """Room for pictures, a third more in base64, and the text of 300 full sheets and rows stay below 15 MB."""
    count = 5
    strips = (
        example_strips()
        .iloc[[0] * count]
        .set_axis(pd.Index([f"S{number:03d}" for number in range(count)], name="strip_id"))
    )
    findings = dataclasses.replace(example_findings(), strips=strips)
    shown = [dataclasses.replace(noisy, strip_id=name) for name in strips.index]
    page = render_html(build_model(findings, example_record(), shown, None))
    text = len(re.sub(r"data:image/jpeg;base64,[^\"]+", "", page).encode())
    fixed = len(render_html(build_model(example_findings(strips=False), example_record(), (), None)).encode())
    assert page.count("data:image/jpeg") == 3 * count
    assert fixed + 300 / count * (text - fixed) + PAGE_BYTES * 4 / 3 < 14.5e6
    (smallest,) = fit_pictures([noisy], page_bytes=1)
    assert 300 * weigh(smallest) < PAGE_BYTES
