"""A run as a map to move about in: one page that holds all it needs, so that it opens without a network."""

from __future__ import annotations

import base64
import hashlib
import html
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import jinja2
import pandas as pd
import shapely

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.exporting.coordinates import strip_centres
from colibri_geo.exporting.kml import html_colour
from colibri_geo.exporting.wording import caution_for, format_time, shown_text
from colibri_geo.language import ENGLISH, UNSEEN_REASONS
from colibri_geo.language.formats import format_share
from colibri_geo.layers.findings import Findings
from colibri_geo.reporting.canvas import Canvas, plan_canvas
from colibri_geo.reporting.grounding import GroundGrid
from colibri_geo.reporting.headlines import count_verdicts, name_run, say_verdict, tell_observed
from colibri_geo.reporting.html import read_asset
from colibri_geo.reporting.pictures import Overview

_NAME_LETTERS, _FACT_LETTERS = 60, 800
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
class _Region:
    name: str
    path: str
    at: tuple[str, str]


@dataclass(frozen=True)
class _Strip:
    name: str
    verdict: str
    colour: str
    path: str
    at: tuple[str, str]
    facts: dict[str, str]


def draw_strip_map(findings: Findings, record: RunRecord, overview: Overview | None) -> StripMap:
    """Draw a run as a map to move about in, with what is known of each strip a click away.

    Parameters
    ----------
    findings : Findings
    record : RunRecord
    overview : Overview or None
        The picture behind; plain ground without.

    Returns
    -------
    StripMap
    """
    canvas = plan_canvas(GroundGrid.from_record(record.pair))
    strips = findings.strips
    verdicts = [verdict for verdict in VERDICTS if (strips["verdict"] == verdict).any()]
    title = name_run(record)
    style, script = read_asset("explore.css"), read_asset("explore.js")
    page = _load_template().render(
        policy=f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {_hash(script)}",
        style=style,
        script=script,
        title=title,
        looked_at=tell_observed(findings.observed),
        counts=count_verdicts(strips),
        caution=caution_for(record),
        width=f"{canvas.width:.1f}",
        height=f"{canvas.height:.1f}",
        metres_per_unit=f"{canvas.metres_per_unit:.6g}",
        frame=[f"{side:.1f}" for side in canvas.grid_box],
        north_deg=f"{canvas.scale.north_deg:.1f}",
        image="" if overview is None else _to_uri(overview.image),
        unseen=dict(_outline_unseen(canvas, findings.not_observed)),
        regions=list(_outline_regions(canvas, findings.regions)),
        strips=list(_describe_strips(canvas, strips)),
        legend={say_verdict(verdict): html_colour(verdict) for verdict in verdicts},
    )
    return StripMap(page, title)


def _load_template() -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(read_asset("explore.html.j2"))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _to_uri(image: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(image).decode()}"


# ------------------------------------------------------------------------------------------------------------- outlines
def _outline_unseen(canvas: Canvas, not_observed: gpd.GeoDataFrame) -> Iterator[tuple[str, str]]:
    """Give one path a reason."""
    if not len(not_observed):
        return
    places = canvas.place(not_observed.geometry)
    for reason in UNSEEN_REASONS:
        path = "".join(_to_path(place) for place in places[(not_observed["reason"] == reason).to_numpy()])
        if path:
            yield reason, path


def _outline_regions(canvas: Canvas, regions: gpd.GeoDataFrame | None) -> Iterator[_Region]:
    left, top, width, height = canvas.grid_box
    if regions is None or not len(regions):
        return
    for name, place in zip(regions["name"], canvas.place(regions.geometry), strict=True):
        part = shapely.clip_by_rect(shapely.make_valid(place), left, top, left + width, top + height)
        if not part.is_empty:
            middle = part.representative_point()
            yield _Region(
                shown_text(str(name), ENGLISH, limit=_NAME_LETTERS),
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
def _describe_strips(canvas: Canvas, strips: gpd.GeoDataFrame) -> Iterator[_Strip]:
    if not len(strips):
        return
    places, centres = canvas.place(strips.geometry), strip_centres(strips)
    for (strip_id, row), place, centre in zip(strips.iterrows(), places, centres, strict=True):
        middle = place.interpolate(0.5, normalized=True)
        yield _Strip(
            name=shown_text(str(strip_id), ENGLISH, limit=_NAME_LETTERS),
            verdict=say_verdict(str(row["verdict"])),
            colour=html_colour(str(row["verdict"])),
            path=_to_path(place),
            at=(_plain(middle.x), _plain(middle.y)),
            facts=_list_facts(row, centre),
        )


def _list_facts(row: pd.Series, centre: shapely.Point) -> dict[str, str]:
    """List what an analyst asks first, in words; what is not known is left out."""
    regions = [str(row[level]) for level in ("country", "admin1", "admin2") if row.get(level)]
    facts = {
        "Probability": f"{row['probability']:.2f}",
        "Last look without": _tell_time(row["last_without"]),
        "First look with": _tell_time(row["first_with"]),
        "Length": _tell_size(row, "length"),
        "Width": _tell_size(row, "width"),
        "True azimuth": f"{row['azimuth_deg']:.1f}°",
        "Centre": f"{centre.y:.5f}, {centre.x:.5f}",
        "MGRS": str(row["mgrs"]),
        "Axis observed": format_share(float(row["observed_share"]), ENGLISH),
        "Region": ", ".join(regions),
        "Could also be": "" if row["confuser"] == "none" else say_verdict(str(row["confuser"])),
        "Reasons": str(row["reasons"]),
    }
    return {name: shown_text(text, ENGLISH, limit=_FACT_LETTERS) for name, text in facts.items() if text}


def _tell_size(row: pd.Series, side: str) -> str:
    value, low, high = (row[f"{side}{part}_m"] for part in ("", "_lo", "_hi"))
    interval = "" if pd.isna(low) or pd.isna(high) else f" ({low:,.0f} to {high:,.0f})"
    return f"{value:,.0f} m{interval}"


def _tell_time(moment: Any) -> str:  # noqa: ANN401 - a cell of a table, which may be missing
    return "" if pd.isna(moment) else format_time(moment)
