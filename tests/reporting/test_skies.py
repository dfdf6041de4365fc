"""Sun and cloud in words, of one image and of a mosaic."""

from __future__ import annotations

import dataclasses

import pytest

from colibri_geo.evidence import SceneRecord
from colibri_geo.language import ENGLISH, LANGUAGES, load_messages
from colibri_geo.reporting.skies import say_cloud, say_sun, span_azimuths
from tests.support.example_run import example_record


def make_mosaic(*skies: tuple[float | None, float | None, float | None]) -> SceneRecord:
    """Record a mosaic of scenes with these elevations, azimuths and clouds."""
    scene = dataclasses.replace(
        example_record().before, sun_elevation_deg=None, sun_azimuth_deg=None, product_cloud_share=None
    )
    names = ("sun_elevation_deg", "sun_azimuth_deg", "product_cloud_share")
    parts = (dataclasses.replace(scene, **dict(zip(names, sky, strict=True))) for sky in skies)  # type: ignore[arg-type]
    return dataclasses.replace(scene, parts=tuple(parts))


def say(scene: SceneRecord) -> tuple[str, str]:
    """Return sun and cloud in English, with plain spaces and without the end that says what the cloud is of."""
    sun, cloud = (
        said.replace("\N{NO-BREAK SPACE}", " ") for (said,) in (say_sun(scene, ENGLISH), say_cloud(scene, ENGLISH))
    )
    return sun, cloud.partition(" of the whole product")[0]


def test_a_mosaic_has_the_span_of_its_scenes() -> None:
    """From the least to the most; azimuths that lie around north are told over north."""
    assert say(make_mosaic((60.0, 350.0, 0.1), (58.4, 6.0, 0.0), (59.0, 355.0, 0.3))) == (
        "elevation 58.4° to 60.0°, azimuth 350.0° to 6.0°",
        "0 % to 30.0 %",
    )


def test_scenes_that_agree_are_told_once() -> None:
    """What is the same to the digit shown is no span."""
    sky = (60.0, 120.0, 0.1)
    assert say(make_mosaic(sky, (60.01, 120.02, 0.1), sky)) == ("elevation 60.0°, azimuth 120.0°", "10.0 %")


def test_scenes_that_state_nothing_are_counted() -> None:
    """Where some scenes of a mosaic state nothing, it is said how many do; where none does, that nothing is stated."""
    assert say(make_mosaic((60.0, 120.0, None), (None, 121.0, 0.5), (None, 122.0, None))) == (
        "elevation 60.0° (1 of 3 scenes), azimuth 120.0° to 122.0°",
        "50.0 % (1 of 3 scenes)",
    )
    assert say(make_mosaic((None, None, None), (None, None, None))) == ("not stated", "not stated")


def test_no_cloud_and_nothing_stated_are_two_things() -> None:
    """A product without a cloud says so."""
    clear = dataclasses.replace(example_record().before, product_cloud_share=0.0, sun_elevation_deg=0.0)
    assert say(clear) == ("elevation 0.0°, azimuth 131.7°", "0 %")


def test_a_sun_just_below_a_whole_turn_stands_in_the_north() -> None:
    """What is rounded to 360 degrees is 0."""
    assert say(make_mosaic((60.0, 359.97, 0.1)))[0] == "elevation 60.0°, azimuth 0.0°"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_that_the_cloud_is_not_of_the_ground_asked(language: str) -> None:
    """The cell leads to where the share that was observed stands."""
    messages = load_messages(language)
    (said,) = say_cloud(example_record().before, messages)
    assert messages.say("looked_at.heading") in said


@pytest.mark.parametrize(
    ("azimuths_deg", "ends"),
    [
        ((10.0,), (10.0, 10.0)),
        ((90.0, 45.0), (45.0, 90.0)),
        ((10.0, 350.0), (350.0, 10.0)),
        ((0.0, 270.0), (270.0, 0.0)),
    ],
)
def test_azimuths_span_the_shorter_way(azimuths_deg: tuple[float, ...], ends: tuple[float, float]) -> None:
    """Clockwise from the first to the last."""
    span = span_azimuths(azimuths_deg)
    assert (span.first, span.last) == ends
