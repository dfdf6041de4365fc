"""A run as a map to move about in: one page that holds all it needs, so that it opens without a network."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import shapely

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.colours import VERDICT_COLOURS
from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.exporting.describing import say_outcome
from colibri_geo.exporting.numbering import count_verdicts
from colibri_geo.exporting.wording import caution_for, part_links, shown_text
from colibri_geo.language import ENGLISH, MAP_REASONS, NOT_ASKED, Messages
from colibri_geo.language.formats import format_probability
from colibri_geo.layers.findings import Findings
from colibri_geo.reporting.canvas import Canvas, plan_canvas
from colibri_geo.reporting.grounding import GroundGrid
from colibri_geo.reporting.headlines import name_run, name_unseen
from colibri_geo.reporting.html import content_policy, load_template, read_asset, read_style
from colibri_geo.reporting.parts import Fact, Sheet
from colibri_geo.reporting.photos import data_uri
from colibri_geo.reporting.pictures import Overview
from colibri_geo.reporting.ranking import RankedStrip, rank_strips
from colibri_geo.reporting.sheets import build_sheets

_NAME_LETTERS = 60
_HEIGHT_PX = 640


@dataclass(frozen=True, repr=False)
class StripMap:
    """A map of a run to move about in.

    Attributes
    ----------
    page : str
        One HTML page that fetches nothing.
    title : str
    """

    page: str
    title: str

    def save(self, path: str | Path) -> Path:
        """Write the page; any browser opens it, with or without a network."""
        path = Path(path)
        path.write_text(self.page, encoding="utf-8", newline="\n")
        return path

    def __repr__(self) -> str:
        return f"<StripMap: {self.title}; a notebook shows it, save(path) writes it>"

    def _repr_html_(self) -> str:
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" title="{html.escape(self.title)}" '
            f'style="width: 100%; height: {_HEIGHT_PX}px; border: 0"></iframe>'
        )


@dataclass(frozen=True)
class _Unseen:
    pattern: str
    title: str
    path: str


@dataclass(frozen=True)
class _Region:
    name: str
    path: str
    at: tuple[str, str]


@dataclass(frozen=True)
class _Strip:
    number: str
    title: str
    colour: str
    path: str
    at: tuple[str, str]
    facts: tuple[Fact, ...]


def draw_strip_map(
    findings: Findings, record: RunRecord, overview: Overview | None, *, messages: Messages = ENGLISH
) -> StripMap:
    """Draw a run as a map to move about in, with what is known of each strip a click away.

    Parameters
    ----------
    findings : Findings
    record : RunRecord
    overview : Overview or None
        The picture behind; plain ground without.
    messages : Messages
        The language of the page.

    Returns
    -------
    StripMap
    """
    canvas = plan_canvas(GroundGrid.from_record(record.pair))
    strips = rank_strips(findings.strips)
    counts = count_verdicts(strip.verdict for strip in strips)
    title = name_run(record, messages)
    style, script = read_style("explore.css"), read_asset("explore.js")
    page = load_template("explore.html.j2").render(
        language=messages.language,
        say=messages.say,
        policy=content_policy(style=style, script=script),
        style=style,
        script=script,
        title=title,
        outcome=say_outcome(counts, findings.observed, record, messages),
        caution=caution_for(record, messages),
        width=f"{canvas.width:.1f}",
        height=f"{canvas.height:.1f}",
        metres_per_unit=f"{canvas.metres_per_unit:.6g}",
        frame=[f"{side:.1f}" for side in canvas.grid_box],
        north_deg=f"{canvas.scale.north_deg:.1f}",
        image="" if overview is None else data_uri(overview.image),
        unseen=list(_outline_unseen(canvas, findings.not_seen, messages)),
        regions=list(_outline_regions(canvas, findings.regions, messages)),
        strips=list(_describe_strips(canvas, strips, findings, record, messages)),
        legend={
            messages.say(f"verdict.{verdict}"): VERDICT_COLOURS[verdict] for verdict in VERDICTS if verdict in counts
        },
    )
    return StripMap(page, title)


# ------------------------------------------------------------------------------------------------------------- outlines
def _outline_unseen(canvas: Canvas, not_seen: gpd.GeoDataFrame, messages: Messages) -> Iterator[_Unseen]:
    """Give one path a reason, with its pattern; what was not asked about has none."""
    if not len(not_seen):
        return
    places = canvas.place(not_seen.geometry)
    for reason in MAP_REASONS:
        path = "".join(_to_path(place) for place in places[(not_seen["reason"] == reason).to_numpy()])
        if path:
            yield _Unseen("" if reason == NOT_ASKED else reason, name_unseen(reason, messages), path)


def _outline_regions(canvas: Canvas, regions: gpd.GeoDataFrame | None, messages: Messages) -> Iterator[_Region]:
    left, top, width, height = canvas.grid_box
    if regions is None or not len(regions):
        return
    for name, place in zip(regions["name"], canvas.place(regions.geometry), strict=True):
        part = shapely.clip_by_rect(shapely.make_valid(place), left, top, left + width, top + height)
        if not part.is_empty:
            middle = part.representative_point()
            yield _Region(
                shown_text(name, messages, limit=_NAME_LETTERS),
                _to_path(part),
                (_plain(middle.x), _plain(middle.y)),
            )


def _to_path(shape: shapely.Geometry) -> str:
    """Write lines, and the rings of polygons, as an SVG path."""
    parts = [shapely.boundary(part) if part.geom_type == "Polygon" else part for part in shapely.get_parts(shape)]
    lines = itertools.chain.from_iterable(shapely.get_parts(part) for part in parts)
    return "".join(
        "M" + "L".join(f"{_plain(across)} {_plain(down)}" for across, down in shapely.get_coordinates(line))
        for line in lines
        if shapely.length(line)
    )


def _plain(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


# --------------------------------------------------------------------------------------------------------------- strips
def _describe_strips(
    canvas: Canvas, strips: Sequence[RankedStrip], findings: Findings, record: RunRecord, messages: Messages
) -> Iterator[_Strip]:
    """Describe strips in the words of their sheets in the report."""
    if not strips:
        return
    places = canvas.place(findings.strips.geometry)
    for strip, sheet in zip(strips, build_sheets(strips, findings, record, messages), strict=True):
        place = places.loc[strip.row.name]
        middle = place.interpolate(0.5, normalized=True)
        heading = messages.say("sheet.heading", number=sheet.number, strip=sheet.strip_id)
        yield _Strip(
            number=sheet.number,
            title=part_links(messages.say("explore.strip", strip=heading, verdict=sheet.verdict_text)),
            colour=VERDICT_COLOURS[strip.verdict],
            path=_to_path(place),
            at=(_plain(middle.x), _plain(middle.y)),
            facts=tuple(_list_facts(strip, sheet, messages)),
        )


def _list_facts(strip: RankedStrip, sheet: Sheet, messages: Messages) -> Iterator[Fact]:
    """List what an analyst asks first: how sure, when, where, how large, and why; no part of it is a link."""
    name, *centre = sheet.positions.rows[1]
    facts = (
        Fact(messages.say("column.probability"), (format_probability(strip.row["probability"], messages),)),
        *sheet.time_and_place,
        Fact(name.lines[0], tuple(line for cell in centre for line in cell.lines)),
        *sheet.size,
        Fact(messages.say("sheet.reasons"), sheet.reasons),
        Fact(messages.say("sheet.doubts"), sheet.doubts),
    )
    for fact in facts:
        yield replace(fact, lines=tuple(type(line)(part_links(line)) for line in fact.lines))
