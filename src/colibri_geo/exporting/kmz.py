"""``findings.kmz``: the document of ``findings.kml`` with the pictures of each strip, in one file for a phone."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.kml import Photo, build_kml
from colibri_geo.exporting.numbering import number_strips
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.language.formats import format_number
from colibri_geo.layers.findings import Findings

KMZ = "findings.kmz"
DOCUMENT = "doc.kml"
_DOT, _DOT_PATH = "dot.png", "files/dot.png"
"""A white disc with a black rim: multiplied by a colour, a disc of that colour with a black rim."""
_SHOWN_PX = 320
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first time that a ZIP can hold: the archive has no clock."""
_FILE_MODE = 0o100644 << 16
_UNIX = 3


@dataclass(frozen=True)
class FieldPicture:
    """One strip before and after, small enough for a phone.

    Attributes
    ----------
    strip_id : str
    before, after : bytes
        JPEG, square, the same ground.
    side_m : float
        Side of that ground.
    north_deg : float
        Direction of true north, clockwise from the upper edge.
    """

    strip_id: str
    before: bytes
    after: bytes
    side_m: float
    north_deg: float


def write_kmz(
    findings: Findings,
    record: RunRecord,
    pictures: Sequence[FieldPicture],
    folder: Path,
    *,
    messages: Messages = ENGLISH,
) -> None:
    """Write the document and the pictures of its balloons; the same run gives the same bytes.

    Parameters
    ----------
    findings : Findings
        As `check_findings` accepts them.
    record : RunRecord
    pictures : sequence of FieldPicture
        In any order; a strip without one gets a balloon of text.
    folder : Path
        Where ``findings.kmz`` is written.
    messages : Messages
        As for `write_kml`.

    References
    ----------
    https://developers.google.com/kml/documentation/kmzarchives
    """
    strips = number_strips(findings, record)
    by_strip = {picture.strip_id: picture for picture in pictures}
    pictured = {strip.rank: by_strip[strip.row["strip_id"]] for strip in strips if strip.row["strip_id"] in by_strip}
    photos = {rank: _place_photos(rank, picture, record, messages) for rank, picture in pictured.items()}
    document = build_kml(findings, strips, record, photos, icon=_DOT_PATH, messages=messages)
    with zipfile.ZipFile(folder / KMZ, "w") as archive:
        _add_file(archive, DOCUMENT, document, zipfile.ZIP_DEFLATED)
        _add_file(archive, _DOT_PATH, [resources.files(__package__).joinpath(_DOT).read_bytes()], zipfile.ZIP_STORED)
        for rank, picture in pictured.items():
            for photo, image in zip(photos[rank], (picture.before, picture.after), strict=True):
                _add_file(archive, photo.path, [image], zipfile.ZIP_STORED)


def _place_photos(rank: int, picture: FieldPicture, record: RunRecord, messages: Messages) -> list[Photo]:
    """Name the pictures after the number of the strip: an identifier may hold anything."""
    turn = round(picture.north_deg) % 360
    ground = messages.say(
        "field.photo.ground",
        side=format_number(picture.side_m, messages, unit="m"),
        north=messages.say("field.photo.turned", degrees=str(turn)) if turn else messages.say("field.photo.north"),
    )
    return [
        Photo(
            f"files/{rank}_{date}.jpg",
            messages.say(f"field.photo.{date}", time=scene.acquired, ground=ground),
            _SHOWN_PX,
        )
        for date, scene in (("before", record.before), ("after", record.after))
    ]


def _add_file(archive: zipfile.ZipFile, name: str, content: Iterable[bytes], compression: int) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type, entry.create_system, entry.external_attr = compression, _UNIX, _FILE_MODE
    with archive.open(entry, "w") as file:
        for piece in content:
            file.write(piece)
