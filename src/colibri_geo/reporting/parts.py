"""What a report is made of: plain text in its final form, free of tables, pixels and markup.

A page, a PDF or another edition is laid out from a `ReportModel` alone.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    lines : tuple of str
    numeric : bool
        Aligned to the right.
    code : bool
        Set in fixed width.
    target : str
        Anchor that the cell links to, without the hash; empty for none.
    anchor : str
        Anchor that leads to the cell; empty for none.
    verdict : str
        Verdict whose colour marks the cell; empty for none.
    columns, keys : tuple of str
        Columns of tables, or keys of the manifest, that it comes from, as those of a `Fact`.
    value : str or None
        Plain number that the cell is sorted by, empty where it is not known; None where its text sorts it.
    """

    lines: tuple[str, ...]
    numeric: bool = False
    code: bool = False
    target: str = ""
    anchor: str = ""
    verdict: str = ""
    columns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    value: str | None = None


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row is its header.

    Attributes
    ----------
    caption : str
    columns : tuple of str
    rows : tuple of tuple of Cell
    stacks : bool
        On a narrow page each row becomes a card, because its columns would not fit side by side.
    caption_columns : tuple of str
        Columns of the strips table that figures of the caption come from.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    stacks: bool = True
    caption_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Fact:
    """A name and what is known of it, and where that stands.

    Attributes
    ----------
    label : str
    lines : tuple of str
    columns : tuple of str
        Columns of the strips table that it comes from; those of another table as ``table.column``.
    keys : tuple of str
        Keys of the manifest that it comes from, as ``run.pair.shift_east_m``.
    """

    label: str
    lines: tuple[str, ...]
    columns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Term:
    """A word and what it means; `verdict` marks it with that verdict's colour."""

    word: str
    meaning: str
    verdict: str = ""


@dataclass(frozen=True)
class MapShape:
    """An outline or a line on a map: an SVG path with the kind it is drawn as, and the anchor it leads to, if any."""

    path: str
    kind: str
    target: str = ""


@dataclass(frozen=True)
class MapLabel:
    """Text on a map; `anchor` is start, middle or end, `target` the anchor it leads to, if any."""

    horizontal: str
    vertical: str
    text: str
    kind: str
    anchor: str = "middle"
    target: str = ""


@dataclass(frozen=True)
class ScaleBar:
    """A scale bar: its two ends and its height on the map, and the length that it stands for, as text and in metres."""

    left: str
    right: str
    middle: str
    vertical: str
    label: str
    length_m: str


@dataclass(frozen=True)
class LegendEntry:
    """One sign of a map and its meaning; `kind` is that of the shapes."""

    kind: str
    text: str


@dataclass(frozen=True)
class MapDrawing:
    """A map, ready to be drawn.

    Attributes
    ----------
    key : str
        Prefix of the anchors inside it.
    width, height : str
        Of the drawing, in its own units.
    title, description : str
        What it shows, for those who do not see it.
    caption : str
    ground : MapShape
        The ground of the pair.
    image : str
        Picture behind it as a data URI, empty for none; it fills `image_box` (left, top, width, height).
    image_box : tuple of str
    shapes : tuple of MapShape
        From bottom to top.
    labels : tuple of MapLabel
    scale_bar : ScaleBar
    north_deg, north_left, north_top : str
        True north, clockwise from the upper edge, and where its arrow stands.
    legend : tuple of LegendEntry
    """

    key: str
    width: str
    height: str
    title: str
    description: str
    caption: str
    ground: MapShape
    image: str
    image_box: tuple[str, ...]
    shapes: tuple[MapShape, ...]
    labels: tuple[MapLabel, ...]
    scale_bar: ScaleBar
    north_deg: str
    north_left: str
    north_top: str
    legend: tuple[LegendEntry, ...]


@dataclass(frozen=True)
class Photo:
    """One picture of a strip.

    Attributes
    ----------
    heading : str
    caption : str
        Acquisition time and sensor.
    alternative : str
        What it shows, for those who do not see it.
    image : str
        Data URI.
    """

    heading: str
    caption: str
    alternative: str
    image: str


@dataclass(frozen=True)
class Photos:
    """The pictures of one strip, all of the same stretch of ground, and the marks drawn over each of them.

    Attributes
    ----------
    width, height : str
        In the units of the marks, and in pixels.
    photos : tuple of Photo
    marks : str
        SVG path of the short ticks beside the ends of the axis; they leave the strip itself free.
    labels : tuple of MapLabel
        Numbers of the ends.
    scale_bar : ScaleBar
    north_deg, north_left, north_top : str
    note : str
        How the pictures were drawn.
    """

    width: str
    height: str
    photos: tuple[Photo, ...]
    marks: str
    labels: tuple[MapLabel, ...]
    scale_bar: ScaleBar
    north_deg: str
    north_left: str
    north_top: str
    note: str


@dataclass(frozen=True)
class Chart:
    """One diagram, ready to be drawn: lines over a grid, in units of the drawing.

    Attributes
    ----------
    heading : str
    description : str
        What it shows with its main figures, for those who do not see it.
    width, height : str
    grid : str
        SVG path of the lines at the ticks.
    frame : str
        SVG path of the two axes.
    shapes : tuple of MapShape
        From bottom to top: ``measured`` and ``unseen`` as areas, ``before`` and ``after`` as lines.
    labels : tuple of MapLabel
    """

    heading: str
    description: str
    width: str
    height: str
    grid: str
    frame: str
    shapes: tuple[MapShape, ...]
    labels: tuple[MapLabel, ...]


@dataclass(frozen=True)
class Charts:
    """The diagrams of one strip, all with the same signs.

    Attributes
    ----------
    charts : tuple of Chart
    legend : tuple of LegendEntry
    note : str
        What is drawn.
    """

    charts: tuple[Chart, ...]
    legend: tuple[LegendEntry, ...]
    note: str


@dataclass(frozen=True)
class Sheet:
    """All that is known of one strip.

    Attributes
    ----------
    anchor : str
    number, strip_id : str
    verdict, verdict_text : str
    headline : str
        Length, width, direction and region in one line.
    photos : Photos or None
    profiles : Charts or None
        Brightness across the axis and along it.
    size, time_and_place : tuple of Fact
    positions : Table
    aircraft : tuple of str
        The length beside what an aircraft type needs.
    probability : tuple of str
    reasons, doubts : tuple of str
        Why it was flagged, and what would make it false.
    rival : tuple of str
        The strongest counter-hypothesis, and what would settle it.
    community : tuple of str
        Where something of people or of health is near: that it may serve them, which the sheet says first.
    care : str
        That communities may use a strip.
    """

    anchor: str
    number: str
    strip_id: str
    verdict: str
    verdict_text: str
    headline: str
    photos: Photos | None
    profiles: Charts | None
    size: tuple[Fact, ...]
    time_and_place: tuple[Fact, ...]
    positions: Table
    aircraft: tuple[str, ...]
    probability: tuple[str, ...]
    reasons: tuple[str, ...]
    doubts: tuple[str, ...]
    rival: tuple[str, ...]
    community: tuple[str, ...]
    care: str


@dataclass(frozen=True)
class Cover:
    """The head of the report.

    Attributes
    ----------
    page_title, heading : str
    before, after : Fact
        Name of the scene, and when and by what it was taken.
    gap : str
        Time between the two.
    place : str
        Where the ground lies, and how much of it was asked about; empty in an edition.
    synthetic : str
        Warning that the images are made up; empty when they are not.
    caution, handling : str
    """

    page_title: str
    heading: str
    before: Fact
    after: Fact
    gap: str
    synthetic: str
    caution: str
    handling: str
    place: str = ""


@dataclass(frozen=True)
class LookedAt:
    """What was and was not seen, told before any finding."""

    statement: tuple[str, ...]
    figures: tuple[Fact, ...]
    regions: Table
    map: MapDrawing | None


@dataclass(frozen=True)
class Inputs:
    """The two scenes, the radar scenes where there are any, and what was measured between the two."""

    scenes: Table
    radar: Table | None
    pair: tuple[Fact, ...]
    bands: Table
    notes: tuple[str, ...]


@dataclass(frozen=True)
class BottomLine:
    """What was found, in counts."""

    statement: str
    others: tuple[str, ...]
    regions: Table
    words: tuple[Term, ...]


@dataclass(frozen=True)
class Reliability:
    """How often the detector that made this run finds what is there and what is not, as it was measured."""

    sentences: tuple[str, ...]
    groups: Table


@dataclass(frozen=True)
class Method:
    """How this run was made, and what it cannot tell; how reliable its detector is, where the run says so."""

    steps: tuple[str, ...]
    limits: tuple[str, ...]
    reliability: Reliability | None
    key_settings: tuple[Fact, ...]
    settings: Table
    versions: Table


@dataclass(frozen=True)
class Evidence:
    """What the report rests on, how to check it, and how to go from a figure back to pixels."""

    files: Table
    command: str
    trace: tuple[str, ...]


@dataclass(frozen=True)
class ReportModel:
    """A whole report, in the order in which it is read; an edition leaves out what it may not tell.

    Attributes
    ----------
    language : str
        Of all texts, as BCP 47.
    cover : Cover
    looked_at : LookedAt
    inputs : Inputs or None
    bottom_line : BottomLine
    map : MapDrawing or None
    ranking : Table
    sheets : tuple of Sheet
    sheets_note : str
        Of which strips there is none; empty where each has one.
    method : Method
    evidence : Evidence or None
    """

    language: str
    cover: Cover
    looked_at: LookedAt
    inputs: Inputs | None
    bottom_line: BottomLine
    map: MapDrawing | None
    ranking: Table
    sheets: tuple[Sheet, ...]
    sheets_note: str
    method: Method
    evidence: Evidence | None
