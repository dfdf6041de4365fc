"""Figures for notebooks: a run on a map, a strip before and after, and what was measured across and along it.

They are drawn with matplotlib, which comes with the extra ``notebook`` and is loaded when a figure is asked for.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from PIL import Image
from shapely.geometry import LineString

from colibri_geo.errors import TableError
from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.exporting.kml import html_colour
from colibri_geo.exporting.wording import CAUTION, caution_for
from colibri_geo.extras import load_extra
from colibri_geo.language import ENGLISH, UNSEEN_REASONS
from colibri_geo.language.formats import one_line
from colibri_geo.layers.findings import Findings
from colibri_geo.pairs import AlignedPair, change
from colibri_geo.reporting.grounding import GroundGrid, nice_length_m
from colibri_geo.reporting.headlines import name_run, say_verdict, tell_observed
from colibri_geo.reporting.painting import CHANGE_LIMIT
from colibri_geo.reporting.pictures import Overview, StripPicture, picture_strips
from colibri_geo.reporting.profiles import StripProfiles

Floats = np.ndarray[Any, np.dtype[np.float64]]
Axes = Any
"""`matplotlib.axes.Axes`, of an extra."""
Figure = Any
"""`matplotlib.figure.Figure`, of an extra."""

_HATCHES = {"cloud": "///", "shadow": "\\\\\\", "saturation": "xxx", "nodata": "...", "outside": "ooo"}
_SEEN, _UNSEEN, _INK = "#dcebd9", "#47535f", "#16211c"
_DATES = {"before": "#47535f", "after": "#d55e00"}
_REGION_WIDTHS = {"admin2": 0.8, "admin1": 1.3, "country": 2.0}
_LABEL_LETTERS = 40
_MAP_INCHES = 8
_BAR_SHARE, _EDGE_SHARE = 0.3, 0.04
_STRIP_COLUMNS = ("end1_lon", "end1_lat", "end2_lon", "end2_lat", "length_m", "width_m", "verdict")


def plot_findings(findings: Findings, record: RunRecord, overview: Overview | None, axes: Axes | None = None) -> Axes:
    """Draw a run on a map: strips by verdict with their names, regions, and the ground that was not observed.

    Parameters
    ----------
    findings : Findings
    record : RunRecord
    overview : Overview or None
        The picture behind; plain ground without.
    axes : matplotlib Axes, optional
        To draw on; new ones by default.

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
    if axes is None:
        tall = ground.rows * scale.row_m / (ground.cols * scale.col_m)
        axes = plt.subplots(figsize=(_MAP_INCHES + 2, min(max(_MAP_INCHES * tall, 3), 12) + 1), layout="constrained")[1]
    left, top = ground.to_map(0, 0)
    right, bottom = ground.to_map(ground.cols, ground.rows)
    axes.set_facecolor(_SEEN)
    if overview is not None:
        axes.imshow(_decode(overview.image), extent=(left, right, bottom, top), zorder=0)
    signs = [
        *_draw_unseen(axes, findings.not_observed.to_crs(ground.crs), on_image=overview is not None),
        *_draw_strips(axes, findings.strips.to_crs(ground.crs)),
    ]
    if findings.regions is not None:
        _draw_regions(axes, findings.regions.to_crs(ground.crs).clip((left, bottom, right, top)))
    per_col, per_row = scale.col_m / abs(ground.pixel_to_map.a), scale.row_m / abs(ground.pixel_to_map.e)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect=per_row / per_col)
    axes.ticklabel_format(useOffset=False, style="plain")
    axes.tick_params(labelsize=8)
    _draw_scale(axes, per_col, north_deg=scale.north_deg)
    _head_map(axes, findings.observed, record)
    if signs:
        axes.legend(handles=signs, loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, fontsize=8)
    return axes


def plot_before_after(pair: AlignedPair, strip: pd.Series) -> Figure:
    """Draw the same stretch of ground around a strip on both dates, with one stretch of brightness.

    Parameters
    ----------
    pair : AlignedPair
        From `align`, or ``run.aligned``.
    strip : Series
        A row of the strips table: ``run.strips.loc["S001"]``, ``strips.iloc[0]``.

    Returns
    -------
    matplotlib Figure
        A notebook shows it when a cell ends with it; elsewhere use its ``savefig``.

    Raises
    ------
    TableError
        Where the row is none of a strips table.
    MissingExtra
        Where matplotlib is not installed.
    """
    row = _check_strip(strip)
    plt = load_extra("matplotlib.pyplot", extra="notebook", purpose="a figure of a strip")
    (picture,) = picture_strips(pair, _tabulate(row))
    figure, panels = plt.subplots(1, 2, figsize=(9, 5.1), layout="constrained")
    _draw_dates(panels, pair, picture)
    return _finish(plt, figure, pair, row)


def plot_strip(pair: AlignedPair, strip: pd.Series) -> Figure:
    """Draw a strip before, after and as change, with its profiles across and along.

    The profiles are those of the report, of the band that tells bare ground best: across, the mean over the length;
    along, the mean over the width. Lines break where the ground was not observed.

    Parameters
    ----------
    pair : AlignedPair
    strip : Series
        As of `plot_before_after`.

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
    _draw_dates(panels[:2], pair, picture)
    _draw_picture(panels[2], picture, picture.change or picture.after, "Change of bareness")
    across, along = figure.add_subplot(layout[1, :2]), figure.add_subplot(layout[1, 2:])
    _draw_profiles(across, along, picture.profiles, row)
    _draw_key(panels[2])
    return _finish(plt, figure, pair, row)


# ------------------------------------------------------------------------------------------------------------------ map
def _draw_unseen(axes: Axes, not_observed: gpd.GeoDataFrame, *, on_image: bool) -> list[Any]:
    """Hatch what was not observed, a pattern a reason; return the signs of the legend."""
    patches = load_extra("matplotlib.patches", extra="notebook", purpose="a map of a run")
    signs = []
    for reason in UNSEEN_REASONS:
        part = not_observed[not_observed["reason"] == reason]
        if not len(part):
            continue
        style = {
            "facecolor": "#ffffff55" if on_image else "#ffffffcc",
            "edgecolor": _UNSEEN,
            "hatch": _HATCHES[reason],
            "linewidth": 0.6,
        }
        part.plot(ax=axes, zorder=2, **style, aspect=None)
        signs.append(patches.Patch(label=f"not observed: {reason}", **style))
    return signs


def _draw_strips(axes: Axes, strips: gpd.GeoDataFrame) -> list[Any]:
    """Draw each axis in the colour of its verdict, with its name; return the signs of the legend."""
    lines = load_extra("matplotlib.lines", extra="notebook", purpose="a map of a run")
    signs = []
    for verdict in VERDICTS:
        part = strips[strips["verdict"] == verdict]
        if len(part):
            part.plot(ax=axes, color="white", linewidth=4.5, zorder=5, aspect=None)
            part.plot(ax=axes, color=html_colour(verdict), linewidth=2.8, zorder=6, aspect=None)
            label = f"{say_verdict(verdict)}: {len(part)}"
            signs.append(lines.Line2D([], [], color=html_colour(verdict), linewidth=3, label=label))
    for strip_id, axis in strips.geometry.items():
        middle = axis.interpolate(0.5, normalized=True)
        _write(
            axes, one_line(str(strip_id))[:_LABEL_LETTERS], (middle.x, middle.y), xytext=(7, 7), size=9, weight="bold"
        )
    return signs


def _draw_regions(axes: Axes, regions: gpd.GeoDataFrame) -> None:
    """Draw the outlines of regions, finer levels thinner, and name those of the finest level."""
    if not len(regions):
        return
    for level, width in _REGION_WIDTHS.items():
        part = regions[regions["level"] == level]
        if len(part):
            part.boundary.plot(ax=axes, color="white", linewidth=width + 1.6, zorder=3, aspect=None)
            part.boundary.plot(ax=axes, color=_INK, linewidth=width, zorder=4, aspect=None)
    finest = next(level for level in _REGION_WIDTHS if (regions["level"] == level).any())
    for region in regions[regions["level"] == finest].itertuples():
        place = region.geometry.representative_point()
        name = one_line(str(region.name))[:_LABEL_LETTERS]
        _write(axes, name, (place.x, place.y), size=9, style="italic", ha="center")


def _head_map(axes: Axes, observed: pd.DataFrame, record: RunRecord) -> None:
    axes.set_title(name_run(record))
    axes.set_ylabel("")  # geopandas names the axes after the CRS
    axes.set_xlabel(f"{tell_observed(observed)}\n{caution_for(record)}", fontsize=8)


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


def _draw_dates(panels: Sequence[Axes], pair: AlignedPair, picture: StripPicture) -> None:
    for axes, image, when, scene in zip(
        panels, (picture.before, picture.after), ("Before", "After"), (pair.before, pair.after), strict=True
    ):
        sensor = "" if scene.sensor is None else f", {one_line(scene.sensor)[:_LABEL_LETTERS]}"
        _draw_picture(axes, picture, image, f"{when}: {scene.acquired:%Y-%m-%d %H:%M} UTC{sensor}")


def _draw_picture(axes: Axes, picture: StripPicture, image: bytes, title: str) -> None:
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
    _draw_scale(axes, picture.metres_per_px, north_deg=picture.north_deg)


def _draw_profiles(across: Axes, along: Axes, profiles: StripProfiles, strip: pd.Series) -> None:
    half, length = float(strip["width_m"]) / 2, float(strip["length_m"])
    marks = ((-half, half), (0.0, length))
    titles = ("Across the axis, mean over the length", "Along the axis, mean over the width")
    for axes, profile, edges, title in zip(
        (across, along), (profiles.across, profiles.along), marks, titles, strict=True
    ):
        for when, values in (("before", profile.before), ("after", profile.after)):
            known = np.array(values, dtype=float)  # None is NaN, where the line breaks
            axes.plot(profile.places_m, known, color=_DATES[when], linewidth=1.6, label=when)
        axes.axvspan(*edges, color="#f2a900", alpha=0.18, linewidth=0)
        axes.set_title(title, fontsize=10)
        axes.tick_params(labelsize=8)
        axes.margins(x=0)
    across.set_xlabel("metres to the right of the axis (shaded: width)", fontsize=9)
    along.set_xlabel("metres from end 1 (shaded: length)", fontsize=9)
    across.set_ylabel(one_line(profiles.band)[:_LABEL_LETTERS], fontsize=9)
    along.legend(fontsize=8)


def _draw_key(axes: Axes) -> None:
    limit = f"{CHANGE_LIMIT:g}"
    axes.set_xlabel(f"orange: became bare, purple: grew over; full colour at {limit} std. dev.", fontsize=8)


def _finish(plt: Any, figure: Figure, pair: AlignedPair, strip: pd.Series) -> Figure:  # noqa: ANN401 - of an extra
    """Give a figure its heading and its caution; pyplot lets go of it, so that a notebook shows it once."""
    synthetic = pair.before.provenance.synthetic or pair.after.provenance.synthetic
    chance = f", probability {strip['probability']:.2f}" if "probability" in strip else ""
    figure.suptitle(
        f"{one_line(str(strip.name))}: candidate cleared strip, {say_verdict(str(strip['verdict']))}{chance}, "
        f"{strip['length_m']:,.0f} m long, {strip['width_m']:,.0f} m wide"
    )
    figure.supxlabel(f"{CAUTION} {ENGLISH.say('caution.synthetic')}" if synthetic else CAUTION, fontsize=8)
    plt.close(figure)
    return figure


# ----------------------------------------------------------------------------------------------------------------- both
def _decode(image: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    with Image.open(io.BytesIO(image)) as picture:
        return np.asarray(picture)


def _draw_scale(axes: Axes, metres_per_unit: float, *, north_deg: float) -> None:
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
    label = f"{length_m / 1000:g} km" if length_m >= 1000 else f"{length_m:g} m"
    place: Mapping[str, Any] = {"xycoords": "axes fraction", "zorder": 9, "ha": "center"}
    _write(axes, label, (right - share / 2, low + 0.015), size=9, va="bottom", **place)
    _write(axes, "N\n↑", (right, 1 - _EDGE_SHARE), size=11, va="top", rotation=-north_deg, linespacing=0.9, **place)


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
