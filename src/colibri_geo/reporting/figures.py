"""Figures for notebooks: a run on a map, a strip before and after, and what was measured across and along it.

They are drawn with matplotlib, which comes with the extra ``notebook`` and is loaded when a figure is asked for; what
they say stands in the words of the report, in each of its languages.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from PIL import Image
from shapely.geometry import LineString, Polygon, box

from colibri_geo.errors import TableError
from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.colours import CASING, VERDICT_COLOURS
from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.exporting.describing import say_outcome
from colibri_geo.exporting.numbering import count_verdicts
from colibri_geo.exporting.ranking import rank_positions
from colibri_geo.exporting.wording import caution_for, say_caution
from colibri_geo.extras import load_extra
from colibri_geo.language import ENGLISH, MAP_REASONS, NOT_ASKED, Messages, load_messages
from colibri_geo.language.formats import (
    format_bands,
    format_name,
    format_number,
    format_probability,
    format_time,
    is_missing,
    one_line,
)
from colibri_geo.layers.findings import Findings
from colibri_geo.pairs import AlignedPair, change
from colibri_geo.reporting.canvas import Canvas, plan_canvas
from colibri_geo.reporting.grounding import GroundGrid, nice_length_m
from colibri_geo.reporting.headlines import name_run, name_unseen
from colibri_geo.reporting.maps import format_length
from colibri_geo.reporting.numbering import place_numbers
from colibri_geo.reporting.painting import CHANGE_LIMIT
from colibri_geo.reporting.palette import BLANK, DATE_COLOURS, SEEN, VEIL
from colibri_geo.reporting.pictures import Overview, StripPicture, picture_strips
from colibri_geo.reporting.profiles import StripProfiles

Floats = np.ndarray[Any, np.dtype[np.float64]]
Axes = Any
"""`matplotlib.axes.Axes`, of an extra."""
Figure = Any
"""`matplotlib.figure.Figure`, of an extra."""

_HATCHES = {"cloud": "///", "shadow": "\\\\\\", "saturation": "xxx", "nodata": "...", "outside": "ooo"}
_UNSEEN, _INK = "#47535f", "#16211c"
_REGION_WIDTHS = {"admin2": 0.8, "admin1": 1.3, "country": 2.0}
_LABEL_LETTERS = 40
_MAP_LETTERS, _PICTURE_LETTERS = 100, 66
"""So many small letters stand in a line under a map, and under one of three pictures side by side."""
_MAP_INCHES = 8
_BAR_SHARE, _EDGE_SHARE = 0.3, 0.04
_STRIP_COLUMNS = ("end1_lon", "end1_lat", "end2_lon", "end2_lat", "length_m", "width_m", "verdict")


def plot_findings(
    findings: Findings,
    record: RunRecord,
    overview: Overview | None,
    axes: Axes | None = None,
    *,
    messages: Messages = ENGLISH,
) -> Axes:
    """Draw a run on a map: strips by verdict, numbered as in the report, regions, and ground that was not observed.

    Parameters
    ----------
    findings : Findings
    record : RunRecord
    overview : Overview or None
        The picture behind; plain ground without.
    axes : matplotlib Axes, optional
        To draw on; new ones by default.
    messages : Messages
        The language of the map.

    Returns
    -------
    matplotlib Axes
        In the CRS of the pair's grid (``record.pair.crs``).

    Raises
    ------
    MissingExtra
        Where matplotlib is not installed.
    """
    plt = load_extra("matplotlib.pyplot", extra="notebook", purpose="a map of a run")
    ground = GroundGrid.from_record(record.pair)
    scale = ground.scale_at(ground.cols / 2, ground.rows / 2)
    own = axes is None
    if axes is None:
        tall = ground.rows * scale.row_m / (ground.cols * scale.col_m)
        axes = plt.subplots(figsize=(_MAP_INCHES + 2, min(max(_MAP_INCHES * tall, 3), 12) + 1), layout="constrained")[1]
    left, top = ground.to_map(0, 0)
    right, bottom = ground.to_map(ground.cols, ground.rows)
    axes.set_facecolor(SEEN)
    if overview is not None:
        axes.imshow(_decode(overview.image), extent=(left, right, bottom, top), zorder=0)
    signs = [
        *_draw_unseen(axes, findings.not_seen.to_crs(ground.crs), messages, on_image=overview is not None),
        *_draw_strips(axes, findings.strips.to_crs(ground.crs), messages),
    ]
    _number_strips(axes, findings.strips.to_crs(ground.crs), plan_canvas(ground), messages)
    if findings.regions is not None:
        _draw_regions(axes, findings.regions.to_crs(ground.crs), box(left, bottom, right, top))
    per_col, per_row = scale.col_m / abs(ground.pixel_to_map.a), scale.row_m / abs(ground.pixel_to_map.e)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect=per_row / per_col)
    _write_numbers(messages, axes.xaxis, axes.yaxis)
    axes.tick_params(labelsize=8)
    _draw_scale(axes, per_col, messages, north_deg=scale.north_deg)
    _head_map(axes, findings, record, messages)
    if signs:
        axes.legend(handles=signs, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, fontsize=8)
    if own:
        axes.figure.draw_without_rendering()  # a layout around an axis of fixed shape settles at its second draw
    return axes


def plot_before_after(pair: AlignedPair, strip: pd.Series, *, lang: str = "en") -> Figure:
    """Draw the same stretch of ground around a strip on both dates, with one stretch of brightness.

    Parameters
    ----------
    pair : AlignedPair
        From `align`, or ``run.aligned``.
    strip : Series
        A row of the strips table: ``run.strips.loc["S001"]``, ``strips.iloc[0]``.
    lang : {"en", "es", "pt", "fr"}
        Language of the figure.

    Returns
    -------
    matplotlib Figure
        A notebook shows it when a cell ends with it; elsewhere use its ``savefig``.

    Raises
    ------
    TableError
        Where the row is none of a strips table.
    ConfigError
        There is no such language.
    MissingExtra
        Where matplotlib is not installed.
    """
    row, messages = _check_strip(strip), load_messages(lang)
    plt = load_extra("matplotlib.pyplot", extra="notebook", purpose="a figure of a strip")
    (picture,) = picture_strips(pair, _tabulate(row))
    figure, panels = plt.subplots(1, 2, figsize=(9, 5.1), layout="constrained")
    _draw_dates(panels, pair, picture, messages)
    return _finish(plt, figure, pair, row, messages)


def plot_strip(pair: AlignedPair, strip: pd.Series, *, messages: Messages = ENGLISH) -> Figure:
    """Draw a strip before, after and as change, with its profiles across and along.

    The profiles are those of the report, of the band that tells bare ground best: across, the mean over the length;
    along, the mean over the width. Lines break where the ground was not observed.

    Parameters
    ----------
    pair : AlignedPair
    strip : Series
        As of `plot_before_after`.
    messages : Messages
        The language of the figure.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    TableError
        Where the row is none of a strips table.
    MissingExtra
        Where matplotlib is not installed.
    """
    row = _check_strip(strip)
    plt = load_extra("matplotlib.pyplot", extra="notebook", purpose="a figure of a strip")
    (picture,) = picture_strips(pair, _tabulate(row), change=change(pair))
    figure = plt.figure(figsize=(12, 7), layout="constrained")
    layout = figure.add_gridspec(2, 6, height_ratios=(3, 2))
    panels = [figure.add_subplot(layout[0, 2 * number : 2 * number + 2]) for number in range(3)]
    _draw_dates(panels[:2], pair, picture, messages)
    _draw_picture(panels[2], picture, picture.change or picture.after, messages.say("photo.change"), messages)
    across, along = figure.add_subplot(layout[1, :2]), figure.add_subplot(layout[1, 2:])
    _draw_profiles(across, along, picture.profiles, row, messages)
    across.set_ylabel(format_name(pair.before.quantity, messages), fontsize=9)
    _draw_key(panels[2], messages)
    return _finish(plt, figure, pair, row, messages)


# ------------------------------------------------------------------------------------------------------------------ map
def _draw_unseen(axes: Axes, not_seen: gpd.GeoDataFrame, messages: Messages, *, on_image: bool) -> list[Any]:
    """Hatch what was not observed, a pattern a reason; what was not asked about is blank; return the legend's signs."""
    patches = load_extra("matplotlib.patches", extra="notebook", purpose="a map of a run")
    signs = []
    for reason in MAP_REASONS:
        part = not_seen[not_seen["reason"] == reason]
        if not len(part):
            continue
        face = (BLANK, VEIL if on_image else 1.0) if reason == NOT_ASKED else "#ffffff55" if on_image else "#ffffffcc"
        style = {"facecolor": face, "edgecolor": _UNSEEN, "hatch": _HATCHES.get(reason), "linewidth": 0.6}
        part.plot(ax=axes, zorder=2, **style, aspect=None)
        signs.append(patches.Patch(label=name_unseen(reason, messages), **style))
    return signs


def _draw_strips(axes: Axes, strips: gpd.GeoDataFrame, messages: Messages) -> list[Any]:
    """Draw each axis in the colour of its verdict; return the signs of the legend."""
    lines = load_extra("matplotlib.lines", extra="notebook", purpose="a map of a run")
    effects = load_extra("matplotlib.patheffects", extra="notebook", purpose="a map of a run")
    cased = [effects.withStroke(linewidth=4.5, foreground=CASING)]
    signs = []
    for verdict in VERDICTS:
        part = strips[strips["verdict"] == verdict]
        if len(part):
            style = {"color": VERDICT_COLOURS[verdict], "linewidth": 2.8, "path_effects": cased}
            part.plot(ax=axes, zorder=6, aspect=None, **style)
            signs.append(lines.Line2D([], [], label=messages.count(f"counted.{verdict}", len(part)), **style))
    return signs


def _number_strips(axes: Axes, strips: gpd.GeoDataFrame, canvas: Canvas, messages: Messages) -> None:
    """Write the number of each strip in the report beside its axis, kept apart as on the report's map."""
    ranked = strips.geometry.iloc[rank_positions(strips)]
    numbers = [messages.number(number) for number in range(1, len(ranked) + 1)]
    placed = place_numbers(canvas, list(canvas.place(ranked)), numbers)
    rim = load_extra("matplotlib.patheffects", extra="notebook", purpose="a map of a run").withStroke
    cased = [rim(linewidth=2.2, foreground="white")]
    for number, axis, place in zip(numbers, ranked, placed, strict=True):
        middle, beside = axis.interpolate(0.5, normalized=True), canvas.to_map(place.across, place.down)
        moved: Mapping[str, Any] = {"xytext": beside, "textcoords": "data", "ha": "center", "va": "center"}
        _write(axes, number, (middle.x, middle.y), size=9, weight="bold", **moved)
        if place.leader is not None:
            ends = np.array([canvas.to_map(*point) for point in place.leader.coords])
            axes.plot(
                *ends.T,
                color=_INK,
                linewidth=0.8,
                marker=".",
                markersize=4,
                markevery=[1],
                zorder=6.5,
                path_effects=cased,
            )


def _draw_regions(axes: Axes, regions: gpd.GeoDataFrame, frame: Polygon) -> None:
    """Draw the outlines of regions in a frame, finer levels thinner, and name those of the finest level.

    Names stand in what is cut to the frame; its outlines would draw the frame as a border.
    """
    outlines, regions = regions.boundary, regions.clip(frame)
    if not len(regions):
        return
    for level, width in _REGION_WIDTHS.items():
        part = outlines[regions.index[regions["level"] == level]]
        if len(part):
            part.plot(ax=axes, color="white", linewidth=width + 1.6, zorder=3, aspect=None)
            part.plot(ax=axes, color=_INK, linewidth=width, zorder=4, aspect=None)
    finest = next(level for level in _REGION_WIDTHS if (regions["level"] == level).any())
    for region in regions[regions["level"] == finest].itertuples():
        place = region.geometry.representative_point()
        name = one_line(str(region.name))[:_LABEL_LETTERS]
        _write(axes, name, (place.x, place.y), size=9, style="italic", ha="center")


def _head_map(axes: Axes, findings: Findings, record: RunRecord, messages: Messages) -> None:
    outcome = say_outcome(count_verdicts(findings.strips["verdict"]), findings.observed, record, messages)
    axes.set_title(name_run(record, messages))
    axes.set_ylabel("")  # geopandas names the axes after the CRS
    below = (textwrap.fill(text, _MAP_LETTERS) for text in (outcome, caution_for(record, messages)))
    axes.set_xlabel("\n".join(below), fontsize=8)


# ---------------------------------------------------------------------------------------------------------------- strip
def _check_strip(strip: object) -> pd.Series:
    row = strip if isinstance(strip, pd.Series) else pd.Series(dtype=object)
    missing = [name for name in _STRIP_COLUMNS if name not in row.index]
    if missing:
        raise TableError(
            f"{type(strip).__name__} without {', '.join(missing)}; expected one row of the strips table, such as "
            'run.strips.loc["S001"]'
        )
    return row


def _tabulate(strip: pd.Series) -> gpd.GeoDataFrame:
    """Make a table of one strip whose axis needs no CRS: it is straight from end to end."""
    axis = LineString([(strip[f"{end}_lon"], strip[f"{end}_lat"]) for end in ("end1", "end2")])
    values = {name: [value] for name, value in strip.items() if name != "geometry"}
    return gpd.GeoDataFrame(values, geometry=[axis], crs=4326, index=[strip.name])


def _draw_dates(panels: Sequence[Axes], pair: AlignedPair, picture: StripPicture, messages: Messages) -> None:
    for axes, image, when, scene in zip(
        panels, (picture.before, picture.after), ("before", "after"), (pair.before, pair.after), strict=True
    ):
        time, sensor = format_time(str(scene.acquisition), messages), messages.say("photo.sensor_unknown")
        if not is_missing(scene.sensor):
            sensor = format_name(scene.sensor, messages)[:_LABEL_LETTERS]
        caption = messages.say("photo.caption", time=time, sensor=sensor)
        _draw_picture(axes, picture, image, f"{messages.say(f'photo.{when}')}\n{caption}", messages)


def _draw_picture(axes: Axes, picture: StripPicture, image: bytes, title: str, messages: Messages) -> None:
    """Show a picture with ticks beyond both ends of the strip, so that nothing hides it, scale bar and north."""
    axes.imshow(_decode(image))
    axes.set_title(title, fontsize=10)
    axes.set(xticks=[], yticks=[], xlim=(0, picture.width_px), ylim=(picture.height_px, 0))
    ends = np.array([picture.end1_px, picture.end2_px])
    outward = (ends - ends[::-1]) / np.hypot(*(ends[1] - ends[0]))
    for number, (end, away) in enumerate(zip(ends, outward, strict=True), start=1):
        tick = np.array([end + 8 * away, end + 20 * away])
        for colour, width in (("white", 4.5), (_INK, 1.8)):
            axes.plot(*tick.T, color=colour, linewidth=width, solid_capstyle="butt")
        _write(axes, str(number), end + 32 * away, ha="center", va="center", size=9)
    _draw_scale(axes, picture.metres_per_px, messages, north_deg=picture.north_deg)


def _draw_profiles(across: Axes, along: Axes, profiles: StripProfiles, strip: pd.Series, messages: Messages) -> None:
    half, length = float(strip["width_m"]) / 2, float(strip["length_m"])
    band = format_bands((profiles.band,), messages)
    for axes, which, profile, edges in (
        (across, "across", profiles.across, (-half, half)),
        (along, "along", profiles.along, (0.0, length)),
    ):
        for when, values in (("before", profile.before), ("after", profile.after)):
            known = np.array(values, dtype=float)  # None is NaN, where the line breaks
            label = messages.say(f"profile.sign.{when}")
            axes.plot(profile.places_m, known, color=DATE_COLOURS[when], linewidth=1.6, label=label)
        axes.axvspan(*edges, color="#f2a900", alpha=0.18, linewidth=0, label=messages.say("profile.sign.measured"))
        axes.set_title(messages.say(f"profile.{which}", band=band), fontsize=10)
        axes.set_xlabel(messages.say(f"profile.{which}.places"), fontsize=9)
        axes.tick_params(labelsize=8)
        axes.margins(x=0)
        _write_numbers(messages, axes.xaxis, axes.yaxis)
    along.legend(fontsize=8)


def _draw_key(axes: Axes, messages: Messages) -> None:
    key = messages.say("photo.note.change", limit=messages.number(CHANGE_LIMIT))
    axes.set_xlabel(textwrap.fill(key, _PICTURE_LETTERS), fontsize=7)


def _finish(plt: Any, figure: Figure, pair: AlignedPair, strip: pd.Series, messages: Messages) -> Figure:  # noqa: ANN401 - of an extra
    """Give a figure its heading and its caution; pyplot lets go of it, so that a notebook shows it once."""
    synthetic = pair.before.provenance.synthetic or pair.after.provenance.synthetic
    told = messages.say(
        "figure.strip",
        strip=one_line(str(strip.name)),
        verdict=messages.say(f"verdict.{strip['verdict']}"),
        length=format_number(strip["length_m"], messages, unit="m"),
        width=format_number(strip["width_m"], messages, unit="m"),
    )
    if "probability" in strip:
        probability = format_probability(strip["probability"], messages)
        told = messages.say("figure.strip.probable", told=told, probability=probability)
    figure.suptitle(told)
    figure.supxlabel(say_caution(messages, synthetic=synthetic), fontsize=8)
    plt.close(figure)
    return figure


# ----------------------------------------------------------------------------------------------------------------- both
def _decode(image: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with Image.open(io.BytesIO(image)) as picture:
        return np.asarray(picture)


def _draw_scale(axes: Axes, metres_per_unit: float, messages: Messages, *, north_deg: float) -> None:
    """Draw a scale bar of a round length at the lower right, and an arrow to true north above it."""
    span = abs(np.subtract(*axes.get_xlim()))
    length_m = nice_length_m(_BAR_SHARE * span * metres_per_unit)
    share = length_m / metres_per_unit / span
    right, low = 1 - _EDGE_SHARE, _EDGE_SHARE
    for colour, width in (("white", 6), (_INK, 2.5)):
        axes.plot(
            [right - share, right], [low, low], color=colour, linewidth=width, solid_capstyle="butt",
            transform=axes.transAxes, zorder=8,
        )  # fmt: skip
    place: Mapping[str, Any] = {"xycoords": "axes fraction", "zorder": 9, "ha": "center"}
    _write(axes, format_length(length_m, messages), (right - share / 2, low + 0.015), size=9, va="bottom", **place)
    north = f"{messages.say('direction.north')}\n↑"
    _write(axes, north, (right, 1 - _EDGE_SHARE), size=11, va="top", rotation=-north_deg, linespacing=0.9, **place)


def _write_numbers(messages: Messages, *sides: Any) -> None:  # noqa: ANN401 - of matplotlib
    """Write the numbers at the ticks with the signs of the language."""
    for side in sides:
        side.set_major_formatter(lambda value, _: messages.resign(f"{value:,.10g}"))


def _write(axes: Axes, text: str, place: Sequence[float] | Floats, **style: Any) -> None:  # noqa: ANN401 - of matplotlib
    """Write plain text with a light rim, legible on any ground; `xytext` moves it by points on the page."""
    effects = load_extra("matplotlib.patheffects", extra="notebook", purpose="a figure")
    usual = {
        "color": _INK,
        "path_effects": [effects.withStroke(linewidth=2.6, foreground="white")],
        "zorder": 7,
        "parse_math": False,
        "textcoords": "offset points",
        "xytext": (0, 0),
        "annotation_clip": True,
    }
    axes.annotate(text, place, **usual | style)
