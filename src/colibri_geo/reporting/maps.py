"""Maps of a run as drawings: outlines, hatched ground, numbered strips, scale bar and north."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import geopandas as gpd
import shapely
from shapely.geometry import GeometryCollection, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from colibri_geo.language import MAP_REASONS, NOT_ASKED, Messages
from colibri_geo.language.formats import format_number, format_text
from colibri_geo.reporting.canvas import (
    FOOT,
    MARGIN,
    Canvas,
    canvas_corners,
    leader_path,
    line_path,
    polygon_path,
    trim,
)
from colibri_geo.reporting.graticule import draw_graticule
from colibri_geo.reporting.grounding import nice_length_m
from colibri_geo.reporting.numbering import place_numbers
from colibri_geo.reporting.parts import LegendEntry, MapDrawing, MapLabel, MapShape, ScaleBar

_SIMPLIFY = 0.6
_LABEL_HEIGHT, _LABEL_WIDTH = 22.0, 10.0
"""Room that a line of text takes, and a letter of it, when labels are kept apart."""
_NARROW_PAGE = 1.7
"""On a phone the same drawing carries larger letters: names that have room even then are shown there too."""
_LABEL_LIMIT = 40
_REGION_LABELS = 60
_LEVELS = ("admin2", "admin1", "country")

_UNASKED = f"unseen-{NOT_ASKED}"


@dataclass(frozen=True)
class NumberedStrip:
    """What a map draws of a strip: axis in the CRS of the table, number, verdict, and the anchor of its sheet."""

    number: str
    verdict: str
    axis: BaseGeometry
    anchor: str = ""


@dataclass(frozen=True)
class MapGround:
    """What the maps of a run have in common, on the drawing: what was not seen, by reason, and regions."""

    canvas: Canvas
    unseen: tuple[MapShape, ...] = ()
    regions: tuple[_Region, ...] = ()
    outlines: tuple[MapShape, ...] = ()


def place_ground(
    canvas: Canvas, not_seen: gpd.GeoDataFrame, regions: gpd.GeoDataFrame | None, messages: Messages
) -> MapGround:
    """Bring unseen ground and regions onto the drawing.

    Parameters
    ----------
    canvas : Canvas
    not_seen, regions : GeoDataFrame
        As in `Findings`.
    messages : Messages

    Returns
    -------
    MapGround
    """
    placed = _place_regions(canvas, regions, messages)
    return MapGround(canvas, tuple(_unseen_shapes(canvas, not_seen)), placed, tuple(_outline_regions(placed)))


def draw_looked_at(ground: MapGround, share: str, messages: Messages) -> MapDrawing:
    """Draw what was seen and what was not, by reason; `share` is that observed, as text."""
    kinds = [shape.kind for shape in ground.unseen]
    names = [messages.say(f"reason.{kind.removeprefix('unseen-')}") for kind in kinds]
    legend = [LegendEntry("observed", messages.say("map.sign.observed"))]
    legend += [LegendEntry(kind, name) for kind, name in zip(kinds, names, strict=True)]
    return _compose(
        ground.canvas,
        messages,
        key="seen",
        title=messages.say("map.looked_at.title"),
        description=messages.say(
            "map.looked_at.description", share=share, reasons=", ".join(names) or messages.say("value.none")
        ),
        caption=messages.say("map.looked_at.caption"),
        image="",
        shapes=(*ground.unseen, *ground.outlines),
        labels=_label_regions(ground, []),
        legend=(*legend, *_region_legend(ground, messages)),
    )


def draw_overview(
    ground: MapGround,
    strips: Sequence[NumberedStrip],
    strips_crs: object,
    *,
    image: str,
    caption: str,
    messages: Messages,
) -> MapDrawing:
    """Draw the strips over the after image, with regions and the ground that was not observed.

    Parameters
    ----------
    ground : MapGround
    strips : sequence of NumberedStrip
    strips_crs : CRS of their axes
    image : str
        Data URI of the picture behind, empty for none.
    caption : str
    messages : Messages

    Returns
    -------
    MapDrawing
    """
    canvas = ground.canvas
    axes = list(canvas.place(gpd.GeoSeries([strip.axis for strip in strips], crs=strips_crs)))
    placed = place_numbers(canvas, axes, [strip.number for strip in strips])
    numbers = [
        MapLabel(trim(number.across), trim(number.baseline), strip.number, "number", target=strip.anchor)
        for number, strip in zip(placed, strips, strict=True)
    ]
    casing = [MapShape(line_path(axis), "casing", s.anchor) for axis, s in zip(axes, strips, strict=True)]
    lines = [MapShape(line_path(axis), f"strip-{s.verdict}", s.anchor) for axis, s in zip(axes, strips, strict=True)]
    leaders = [
        MapShape(leader_path(number.leader), kind, strip.anchor)
        for number, strip in zip(placed, strips, strict=True)
        if number.leader is not None
        for kind in ("leader-case", "leader")
    ]
    unasked = [shape for shape in ground.unseen if shape.kind == _UNASKED]
    unseen = _merge_shapes((shape for shape in ground.unseen if shape.kind != _UNASKED), "unseen-any")
    verdicts = dict.fromkeys(strip.verdict for strip in strips)
    legend = [
        LegendEntry(f"strip-{verdict}", messages.say("map.sign.strip", verdict=messages.say(f"verdict.{verdict}")))
        for verdict in verdicts
    ]
    if unseen:
        legend.append(LegendEntry("unseen-any", messages.say("map.sign.unseen")))
    if unasked:
        legend.append(LegendEntry(_UNASKED, messages.say(f"reason.{NOT_ASKED}")))
    return _compose(
        canvas,
        messages,
        key="overview",
        title=messages.say("map.overview.title"),
        description=messages.say("map.overview.description", count=messages.number(len(strips))),
        caption=caption,
        image=image,
        shapes=(*unasked, *unseen, *ground.outlines, *casing, *lines, *leaders),
        labels=(*_label_regions(ground, numbers), *numbers),
        legend=(*legend, *_region_legend(ground, messages)),
    )


def _compose(
    canvas: Canvas,
    messages: Messages,
    *,
    key: str,
    title: str,
    description: str,
    caption: str,
    image: str,
    shapes: tuple[MapShape, ...],
    labels: tuple[MapLabel, ...],
    legend: tuple[LegendEntry, ...],
) -> MapDrawing:
    graticule = draw_graticule(canvas)
    return MapDrawing(
        key=key,
        width=trim(canvas.width),
        height=trim(canvas.height),
        title=title,
        description=description,
        caption=caption,
        ground=MapShape(polygon_path(box(*canvas_corners(canvas))), "observed"),
        image=image,
        image_box=tuple(trim(side) for side in canvas.grid_box),
        shapes=(*shapes, *(MapShape(line_path(line.path), "graticule") for line in graticule)),
        labels=(*(line.label() for line in graticule), *labels),
        scale_bar=draw_scale_bar(
            canvas.metres_per_unit,
            right=canvas.width - 36,
            vertical=canvas.height - FOOT - 24,
            room=250,
            messages=messages,
        ),
        north_deg=trim(canvas.scale.north_deg),
        north_left=trim(canvas.width - 42),
        north_top="62",
        legend=legend,
    )


def draw_scale_bar(
    metres_per_unit: float, *, right: float, vertical: float, room: float, messages: Messages
) -> ScaleBar:
    """Draw a scale bar of a round length that ends at `right` and is not longer than `room`.

    Parameters
    ----------
    metres_per_unit : float
    right, vertical, room : float
        In units of the drawing.
    messages : Messages

    Returns
    -------
    ScaleBar
    """
    length_m = nice_length_m(room * metres_per_unit)
    left = right - length_m / metres_per_unit
    return ScaleBar(
        trim(left),
        trim(right),
        trim((left + right) / 2),
        trim(vertical),
        format_length(length_m, messages),
        f"{length_m:g}",
    )


def format_length(length_m: float, messages: Messages) -> str:
    """Write the round length of a scale bar.

    Examples
    --------
    >>> from colibri_geo.language import ENGLISH
    >>> [format_length(length_m, ENGLISH).replace(chr(160), " ") for length_m in (2000.0, 50.0, 0.5)]
    ['2 km', '50 m', '0.50 m']
    """
    if length_m >= 1000:
        return format_number(length_m / 1000, messages, unit="km")
    return format_number(length_m, messages, digits=0 if length_m >= 1 else 2, unit="m")


# ------------------------------------------------------------------------------------------------------- unseen ground
def _unseen_shapes(canvas: Canvas, not_seen: gpd.GeoDataFrame) -> list[MapShape]:
    """One shape a reason, in the order of the reasons; whatever lies beyond the drawing is left out."""
    if not len(not_seen):
        return []
    placed = canvas.place(not_seen.geometry)
    reasons = not_seen["reason"].where(not_seen["reason"].isin(MAP_REASONS), "other")
    shapes, corners = [], canvas_corners(canvas)
    for reason in (*MAP_REASONS, "other"):
        inside = (shapely.clip_by_rect(shape, *corners) for shape in placed[(reasons == reason).to_numpy()])
        path = "".join(polygon_path(part) for part in _drawn_parts(inside))
        if path:
            shapes.append(MapShape(path, f"unseen-{reason}"))
    return shapes


def _merge_shapes(shapes: Iterable[MapShape], kind: str) -> list[MapShape]:
    path = "".join(shape.path for shape in shapes)
    return [MapShape(path, kind)] if path else []


def _drawn_parts(shapes: Iterable[BaseGeometry]) -> list[Polygon]:
    """Take the polygons of what is drawn, without detail finer than the drawing."""
    return [part for shape in shapes for part in _polygons(shape.simplify(_SIMPLIFY)) if not part.is_empty]


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    if isinstance(shape, Polygon):
        return [shape]
    if isinstance(shape, (MultiPolygon, GeometryCollection)):
        return [part for piece in shape.geoms for part in _polygons(piece)]
    return []


# ------------------------------------------------------------------------------------------------------------- regions
@dataclass(frozen=True)
class _Region:
    """A region on the drawing, cut a little beyond its edges, so that no cut shows."""

    level: str
    name: str
    shape: BaseGeometry


def _place_regions(canvas: Canvas, regions: gpd.GeoDataFrame | None, messages: Messages) -> tuple[_Region, ...]:
    """Bring regions onto the drawing; they are cut before they are projected, for far away a projection may fail."""
    if regions is None or not len(regions):
        return ()
    west, south, east, north = canvas.lonlat_bounds()
    spare = 0.1 * max(east - west, north - south)
    near = regions.geometry.clip_by_rect(west - spare, south - spare, east + spare, north + spare)
    beyond = (-MARGIN, -MARGIN, canvas.width + MARGIN, canvas.height + MARGIN)
    return tuple(
        _Region(str(level), format_text(name, messages, limit=_LABEL_LIMIT), shapely.clip_by_rect(shape, *beyond))
        for level, name, shape in zip(regions["level"], regions["name"], canvas.place(near), strict=True)
        if shape is not None and not shape.is_empty
    )


def _outline_regions(regions: Sequence[_Region]) -> list[MapShape]:
    shapes = []
    for level in _LEVELS:
        parts = _drawn_parts(region.shape for region in regions if region.level == level)
        path = "".join(polygon_path(part) for part in parts)
        if path:
            shapes.append(MapShape(path, f"region-{level}"))
    return shapes


def _region_legend(ground: MapGround, messages: Messages) -> list[LegendEntry]:
    """Explain the outlines that cross the drawing: those of a region around all of it, or beside it, show nowhere."""
    drawing = box(0, 0, ground.canvas.width, ground.canvas.height)
    parts = ((region.level, part) for region in ground.regions for part in _polygons(region.shape))
    levels = {level for level, part in parts if part.boundary.intersects(drawing)}
    finest = [level for level in _LEVELS if level in levels and level != "country"][:1]
    entries = [LegendEntry(f"region-{level}", messages.say("map.sign.region")) for level in finest]
    if "country" in levels:
        entries.append(LegendEntry("region-country", messages.say("map.sign.country")))
    return entries


def _label_regions(ground: MapGround, taken: Sequence[MapLabel]) -> tuple[MapLabel, ...]:
    """Name the regions where there is room: finest level first, largest first, never over another label."""
    waiting = [
        region
        for level in _LEVELS
        for region in sorted(ground.regions, key=lambda region: -region.shape.area)
        if region.level == level
    ][:_REGION_LABELS]
    labels = [*taken, *(line.label() for line in draw_graticule(ground.canvas))]
    found: list[MapLabel] = []
    for kind, zoom in (("region", _NARROW_PAGE), ("region-minor", 1.0)):
        unnamed = []
        for region in waiting:
            place = _find_room(ground.canvas, region, [*labels, *found], zoom=zoom)
            if place is None:
                unnamed.append(region)
            else:
                found.append(MapLabel(trim(place.x), trim(place.y), region.name, kind))
        waiting = unnamed
    return tuple(found)


def _find_room(canvas: Canvas, region: _Region, labels: Sequence[MapLabel], *, zoom: float) -> Point | None:
    """Find a place for a name inside its region, away from the edges and from other labels."""
    height = _LABEL_HEIGHT * zoom
    shape, letters = shapely.clip_by_rect(region.shape, 0, 0, canvas.width, canvas.height), len(region.name)
    half = letters * _LABEL_WIDTH * zoom / 2
    if shape.is_empty or shape.area < 4 * height * height or 2 * half > canvas.width - 48:
        return None
    inner = shape.representative_point()
    across = min(max(inner.x, half + 24), canvas.width - half - 24)
    for shift in (0, -1, 1, -2, 2, -3, 3):
        down = inner.y + shift * height
        free = 2 * height < down < canvas.height - FOOT - 4 * height and shape.contains(Point(across, down))
        if free and not any(_near(across, down, letters, other, zoom=zoom) for other in labels):
            return Point(across, down)
    return None


def _near(across: float, down: float, letters: int, other: MapLabel, *, zoom: float) -> bool:
    room = (letters + len(other.text) + 1) * _LABEL_WIDTH * zoom / 2
    middle = float(other.horizontal) + (len(other.text) * _LABEL_WIDTH * zoom / 2 if other.anchor == "start" else 0.0)
    return abs(across - middle) < room and abs(down - float(other.vertical)) < 1.2 * _LABEL_HEIGHT * zoom
