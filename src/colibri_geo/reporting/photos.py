"""The pictures on a sheet, with their captions, and the marks drawn over them."""

from __future__ import annotations

import base64
import math

from colibri_geo.evidence import RunRecord, SceneRecord
from colibri_geo.language import Messages
from colibri_geo.language.formats import format_bands, format_name, format_number, format_text, format_time, is_missing
from colibri_geo.reporting.facts import format_azimuth
from colibri_geo.reporting.maps import draw_scale_bar
from colibri_geo.reporting.painting import CHANGE_LIMIT, TRUE_COLOUR
from colibri_geo.reporting.parts import MapLabel, Photo, Photos
from colibri_geo.reporting.pictures import StripPicture
from colibri_geo.reporting.ranking import RankedStrip

_GAP_PX, _TICK_PX, _LABEL_PX = 9.0, 12.0, 13.0
"""From the edge of the strip to a tick, its length, and from there to the number of the end."""
_SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG", "image/png"))


def data_uri(image: bytes) -> str:
    r"""Write a picture as a data URI.

    Examples
    --------
    >>> data_uri(b"\x89PNG....")[:22]
    'data:image/png;base64,'
    """
    kind = next(media for signature, media in _SIGNATURES if image.startswith(signature))
    return f"data:{kind};base64,{base64.b64encode(image).decode('ascii')}"


def build_photos(strip: RankedStrip, picture: StripPicture, record: RunRecord, messages: Messages) -> Photos:
    """Build the pictures of a strip: before, after and change, with one set of marks.

    Parameters
    ----------
    strip : RankedStrip
    picture : StripPicture
    record : RunRecord
    messages : Messages

    Returns
    -------
    Photos
    """
    side = format_number(picture.width_px * picture.metres_per_px, messages, unit="m")
    notes = [messages.say("photo.note", side=side, bands=_name_bands(picture.bands, messages))]
    photos = [
        _build_photo(strip, "before", picture.before, record.before, side=side, messages=messages),
        _build_photo(strip, "after", picture.after, record.after, side=side, messages=messages),
    ]
    if picture.change is not None:
        notes.append(messages.say("photo.note.change", limit=messages.number(CHANGE_LIMIT)))
        photos.append(
            Photo(
                heading=messages.say("photo.change"),
                caption=messages.say("photo.caption.change"),
                alternative=messages.say(
                    "photo.alternative.change", side=side, strip=format_text(strip.strip_id, messages)
                ),
                image=data_uri(picture.change),
            )
        )
    gap = _GAP_PX + float(strip.row["width_m"]) / 2 / picture.metres_per_px
    return Photos(
        width=str(picture.width_px),
        height=str(picture.height_px),
        photos=tuple(photos),
        marks=_ticks(picture, gap),
        labels=_end_labels(picture, gap),
        scale_bar=draw_scale_bar(
            picture.metres_per_px,
            right=picture.width_px - 12,
            vertical=picture.height_px - 14,
            room=130,
            messages=messages,
        ),
        north_deg=f"{picture.north_deg + 0.0:.1f}",
        north_left=str(picture.width_px - 22),
        north_top="36",
        note=" ".join(notes),
    )


def _build_photo(
    strip: RankedStrip, when: str, image: bytes, scene: SceneRecord, *, side: str, messages: Messages
) -> Photo:
    time = format_time(scene.acquired, messages)
    heading = messages.say(f"photo.{when}")
    sensor = scene.sensor
    seen_by = messages.say("photo.sensor_unknown") if is_missing(sensor) else format_name(sensor, messages)
    return Photo(
        heading=heading,
        caption=messages.say("photo.caption", time=time, sensor=seen_by),
        alternative=messages.say(
            "photo.alternative",
            when=heading,
            time=time,
            side=side,
            strip=format_text(strip.strip_id, messages),
            azimuth=format_azimuth(strip.row["azimuth_deg"], messages),
        ),
        image=data_uri(image),
    )


def _name_bands(bands: tuple[str, ...], messages: Messages) -> str:
    if bands == TRUE_COLOUR:
        return messages.say("photo.bands.true")
    key = "photo.bands.false" if len(bands) == len(TRUE_COLOUR) else "photo.bands.grey"
    return messages.say(key, bands=format_bands(bands, messages))


def _unit_across(picture: StripPicture) -> tuple[float, float]:
    """Return the direction across the axis on the picture, of length 1."""
    along_col, along_row = picture.end2_px[0] - picture.end1_px[0], picture.end2_px[1] - picture.end1_px[1]
    length = math.hypot(along_col, along_row) or 1.0
    return -along_row / length, along_col / length


def _ticks(picture: StripPicture, gap: float) -> str:
    """Draw a short tick on either side of each end, across the axis: the strip and what lies beyond it stay free."""
    across_col, across_row = _unit_across(picture)
    strokes = []
    for col, row in (picture.end1_px, picture.end2_px):
        for side in (-1, 1):
            near, far = side * gap, side * (gap + _TICK_PX)
            strokes.append(
                f"M{col + near * across_col:.1f} {row + near * across_row:.1f}"
                f"L{col + far * across_col:.1f} {row + far * across_row:.1f}"
            )
    return "".join(strokes)


def _end_labels(picture: StripPicture, gap: float) -> tuple[MapLabel, ...]:
    across_col, across_row = _unit_across(picture)
    away = gap + _TICK_PX + _LABEL_PX
    return tuple(
        MapLabel(f"{col + away * across_col:.1f}", f"{row + away * across_row + 5:.1f}", number, "end")
        for number, (col, row) in (("1", picture.end1_px), ("2", picture.end2_px))
    )
