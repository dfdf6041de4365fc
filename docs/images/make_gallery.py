"""Make the two sheets of the gallery in `docs/method.md`: twelve findings and twelve refusals of simulated pairs.

Run `.venv/bin/python docs/images/make_gallery.py`: about two minutes on one core, a gigabyte of memory, no network and
no real picture. It writes `gallery_findings.png` and `gallery_refusals.png` beside itself, the same bytes for the same
versions of the code and its libraries.

What is shown is chosen by rule from whatever the detector answers, so that the sheets follow the model: run it again
when the model is fitted anew. All seeds are development seeds. Only the rules look at the truth; verdicts,
probabilities and measures in the captions are the detector's own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from PIL import Image, ImageDraw, ImageFont

from colibri_geo.bench.matching import judge, name_obstacle
from colibri_geo.bench.scenes import DEVELOPMENT_SEEDS, RGB, RGBN, list_obstacles, make_lasting, make_scenes
from colibri_geo.bench.truth import Truth
from colibri_geo.core.windows import Window
from colibri_geo.errors import SettingsError
from colibri_geo.pairs import AlignedPair, align, change, survey
from colibri_geo.reporting.painting import TRUE_COLOUR, enlarge, fit_stretch, paint_change, paint_image
from colibri_geo.settings import ScoreSettings, TraceSettings
from colibri_geo.sim import Cloud, Confuser, Feature, Mix, Paint, SceneSpec, Strip, random_spec, simulate_pair
from colibri_geo.sim.placing import outline
from colibri_geo.sim.shapes import Area
from colibri_geo.tracing.scoring import load_shape_model, measure_shape, score
from colibri_geo.tracing.tracing import trace

HERE = Path(__file__).parent
LEAST = ScoreSettings().report_probability

_OBSERVED = TraceSettings().min_observed_share

_SIDE_PX = 512
_NEXT_ATTEMPT = 100
_CLEAR, _FAINT = (0.7, 1.0), (0.15, 0.42)
_FAINT_BELOW = 0.45


@dataclass(frozen=True)
class Plan:
    """One pair to simulate.

    Attributes
    ----------
    seed : int
        Of the development seeds, 20 to 60; the next attempt's is 100 higher.
    biome : str
    contrast : tuple of float
        Lowest and highest of its strips.
    mix : Mix
    clutter : float
    picture : bool
        Deliver both dates as 8-bit RGB pictures of unknown gain.
    cover : bool
        Put a cloud over one end of the first new strip.
    slipped : bool
        Everything lasts, and the shift between the dates is left in: what a failed survey would give.
    narrow : bool
        Add a new field that is long and narrow, where there is most room.
    """

    seed: int
    biome: str
    contrast: tuple[float, float]
    mix: Mix
    clutter: float = 0.0
    picture: bool = False
    cover: bool = False
    slipped: bool = False
    narrow: bool = False


def _mix(**more: int) -> Mix:
    usual = {"new": 4, "old": 2, "regrowing": 1, "field": 7, "burn": 2}
    return Mix(**(usual | more))


PLANS = (
    Plan(20, "forest", _CLEAR, _mix(pipeline=1, logging=1)),
    Plan(21, "savanna", _CLEAR, _mix(power_line=1, haze_front=1)),
    Plan(22, "forest", _CLEAR, _mix(power_line=1, logging=1)),
    Plan(23, "forest", _FAINT, _mix(pipeline=1, shade=1)),
    Plan(24, "savanna", _FAINT, _mix(power_line=1, haze_front=1)),
    Plan(25, "mixed", _FAINT, _mix(pipeline=1, old=4)),
    Plan(26, "forest", _CLEAR, _mix(power_line=1, old=4, road=3), picture=True),
    Plan(27, "savanna", _CLEAR, _mix(pipeline=1, seam=1, burn=8), clutter=1.0),
    Plan(28, "mixed", _CLEAR, _mix(field=16, road=3), cover=True),
    Plan(29, "forest", _FAINT, _mix(field=16, burn=8), clutter=1.0),
    Plan(30, "savanna", _FAINT, _mix(haze_front=1, river=0, road=3), narrow=True),
    Plan(31, "mixed", _FAINT, _mix(seam=1, logging=1), clutter=1.0),
    Plan(32, "forest", _FAINT, _mix(field=12, logging=1), cover=True),
    Plan(33, "mixed", _CLEAR, _mix(new=0, old=1, regrowing=0, road=4), slipped=True),
)


@dataclass(frozen=True)
class Answered:
    """A pair and what the detector answered.

    Attributes
    ----------
    aligned : AlignedPair
    table : GeoDataFrame
        All candidates, with what is true of each.
    """

    aligned: AlignedPair
    table: gpd.GeoDataFrame = field(repr=False)


def answer(plan: Plan) -> Answered:
    """Simulate a pair, compare its dates, and say of every candidate what it really is."""
    spec = plan_scene(plan)
    pair = simulate_pair(spec)
    before, after = make_scenes(pair, picture=plan.picture)
    model = survey(before, after)
    if plan.slipped:
        model = dataclasses.replace(model, shift_east_m=0.0, shift_north_m=0.0)
    aligned = align(before, after, model)
    table = score(trace(change(aligned)), ScoreSettings(report_probability=0.0, watch_probability=0.0))
    truth = Truth(spec.crs, pair.truth, list_obstacles(spec))
    judged = judge(table, truth)
    strips = {one.strip_id: (strip, one) for one, strip in zip(pair.truth, spec.strips, strict=True)}
    facts = [_tell(*strips[true_id]) if true_id in strips else {} for true_id in judged["true_id"]]
    causes = [name_obstacle(line, truth.obstacles) for line in table.geometry]
    inside = table.geometry.within(shapely.box(*aligned.grid.extent.boundingbox.bbox).buffer(-_INSIDE_M))
    told = pd.DataFrame(facts, index=table.index, columns=_FACTS)
    kept = judged[["kind", "true_kind", "lies_on"]].assign(cause=causes, biome=plan.biome, clutter=plan.clutter)
    kept = kept.assign(rgb=plan.picture, slipped=plan.slipped, seed=plan.seed)
    return Answered(aligned, table.join(kept).join(told).assign(inside=inside.astype(float)))


_INSIDE_M = 80.0
"""What lies nearer to the edge of the scene is not shown, corridors apart: they reach it."""


_FACTS = ["surface", "contrast", "true_width_m", "true_seen", "tracked", "recoloured"]


def _tell(strip: Strip, one: Any) -> dict[str, object]:  # noqa: ANN401 - the truth of a strip
    return {
        "surface": strip.surface,
        "contrast": one.contrast,
        "true_width_m": one.width_m,
        "true_seen": one.observed_share,
        "tracked": float(bool(strip.track)),
        "recoloured": float(strip.later_surface not in {None, strip.surface}),
    }


def plan_scene(plan: Plan) -> SceneSpec:
    """Draw the scene of a plan; where not everything finds room, the next attempt's."""
    for seed in range(plan.seed, DEVELOPMENT_SEEDS.stop, _NEXT_ATTEMPT):
        try:
            spec = random_spec(
                seed,
                rows=_SIDE_PX,
                cols=_SIDE_PX,
                bands=RGB if plan.picture else RGBN,
                biome=plan.biome,
                contrast=plan.contrast,
                mix=plan.mix,
                clutter=plan.clutter,
                cloud_share=0.05,
            )
        except SettingsError:
            continue
        return _change(spec, plan)
    raise SettingsError(f"no room for the strips of seed {plan.seed}; ask for fewer")


def _change(spec: SceneSpec, plan: Plan) -> SceneSpec:
    if plan.slipped:
        slip = dataclasses.replace(spec.after, shift_east_px=0.8, shift_north_px=-0.7)
        return dataclasses.replace(make_lasting(spec), after=slip, clouds=())
    if plan.narrow:
        return dataclasses.replace(spec, confusers=(*spec.confusers, _narrow_field(spec)))
    if plan.cover:
        strip = spec.strips[0]
        cloud = Cloud(strip.end1, 0.3 * strip.length_m, date=1)
        return dataclasses.replace(spec, clouds=(*spec.clouds, cloud))
    return spec


_NARROW_M = (420.0, 54.0)


def _narrow_field(spec: SceneSpec) -> Confuser:
    """Clear a long and narrow field at the place that is furthest from strips and sharp confusers."""
    sharp = [one for one in spec.confusers if one.kind in {"road", "river", "field", "power_line", "burn"}]
    taken = [outline(feature.shape) for one in sharp for feature in one.features]
    taken += [shapely.linestrings([strip.end1, strip.end2]) for strip in spec.strips]
    steps = np.arange(0.12, 0.89, 0.04)
    places = [(spec.width_m * east, spec.height_m * north) for east in steps for north in steps]
    room = [float(shapely.distance(np.array(taken), shapely.Point(place)).min()) for place in places]
    middle, half = np.array(places[int(np.argmax(room))]), np.array(_NARROW_M) / 2
    along, across = np.array([0.6, 0.8]), np.array([0.8, -0.6])
    corners = [middle + a * half[0] * along + b * half[1] * across for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    area = Area(tuple((float(corner[0]), float(corner[1])) for corner in corners))
    return Confuser("field", (Feature(area, (None, Paint("mud", 0.7)), 3.0, 0.25),))


Rule = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True)
class Slot:
    """One place on a sheet.

    Attributes
    ----------
    title : str
    rule : callable
        Gives, of all candidates, those that fit, the best first.
    tell : str
        A measure that is told first; empty for whichever speaks loudest.
    """

    title: str
    rule: Rule
    tell: str = ""


def _hits(*, by: str, rising: bool = True, **equal: object) -> Rule:
    """Return the rule of true new strips with some columns equal to something, ordered by one."""

    def rule(table: pd.DataFrame) -> pd.DataFrame:
        fits = (table["kind"] == "hit") & (table["probability"] >= LEAST) & (table["inside"] == 1.0)
        for name, value in equal.items():
            fits &= table[name].isin(value) if isinstance(value, tuple) else table[name] == value
        return table[fits].sort_values([by, "seed", "strip_id"], ascending=[rising, True, True])

    return rule


def _faint(rule: Rule) -> Rule:
    return lambda table: rule(table[table["contrast"] < _FAINT_BELOW])


def _clear(rule: Rule) -> Rule:
    return lambda table: rule(table[(table["contrast"] >= _FAINT_BELOW) & (table["observed_share"] > 0.9)])


def _refused(*causes: str, by: str = "snr", **least: float) -> Rule:
    """Return the rule of candidates of some causes that were refused, ordered by a measure, those called new first.

    Of what `least` names, at least so much; where a name ends in ``_below``, less.
    """

    def rule(table: pd.DataFrame) -> pd.DataFrame:
        fits = (table["lies_on"] == "") & table["cause"].isin(causes) & (table["probability"] < LEAST)
        fits &= table["observed_share"] >= _OBSERVED
        for name, value in ({"slipped": 0.0, "inside": 1.0} | least).items():
            column = name.removesuffix("_below")
            fits &= table[column] < value if column != name else table[column] >= value
        fits &= table["slipped"] == least.get("slipped", 0.0)
        return table[fits].sort_values(["called_new", by, "seed", "strip_id"], ascending=[False, False, True, True])

    return rule


def _unseen(table: pd.DataFrame) -> pd.DataFrame:
    """Choose a new strip of which too little was observed: the clear one of which most was."""
    fits = (table["verdict"] == "not_observed") & (table["true_kind"] == "new") & (table["contrast"] > _FAINT_BELOW)
    return table[fits].sort_values(["observed_share", "seed", "strip_id"], ascending=[False, True, True])


def _recoloured(table: pd.DataFrame) -> pd.DataFrame:
    """Choose an old strip of another colour that was called unchanged: the one that changed most."""
    fits = (table["verdict"] == "unchanged") & (table["true_kind"] == "old") & (table["recoloured"] == 1.0)
    chosen = table[fits & (table["observed_share"] >= _OBSERVED)]
    return chosen.sort_values(["kept_share", "seed", "strip_id"])


FINDINGS = (
    Slot("Clear, in forest", _clear(_hits(by="snr", rising=False, biome="forest", rgb=False))),
    Slot("Clear, in savanna", _clear(_hits(by="snr", rising=False, biome="savanna"))),
    Slot("Mud", _clear(_hits(by="snr", surface="mud", rgb=False))),
    Slot("Grass, in forest", _hits(by="contrast", surface="grass")),
    Slot("Sand", _hits(by="contrast", surface="sand")),
    Slot("With an access track", _clear(_hits(by="snr", rising=False, tracked=1.0, rgb=False))),
    Slot("Partly under cloud", _hits(by="true_seen")),
    Slot("8-bit RGB pictures", _hits(by="snr", rgb=True)),
    Slot("Faint, in forest", _faint(_hits(by="contrast", biome="forest"))),
    Slot("Faint, in savanna", _faint(_hits(by="contrast", biome="savanna"))),
    Slot("Faint, in a mosaic", _faint(_hits(by="contrast", biome="mixed"))),
    Slot("On restless ground", _hits(by="snr", clutter=1.0)),
)
_ANY_HIT = _hits(by="probability", rising=False)

REFUSALS = (
    Slot("New road that bends", _refused("road", straying_lost=1.0, kept_share_below=0.15), "straying"),
    Slot(
        "Straight branch of a road",
        _refused("road", "logging", by="probability", joined_share=0.4, kept_share_below=0.15),
        "joined",
    ),
    Slot("Pipeline", _refused("pipeline", inside=0.0)),
    Slot("Power line", _refused("power_line", inside=0.0)),
    Slot("River bank", _refused("river")),
    Slot("Narrow field", _refused("field", evenness=0.9), "breadth"),
    Slot("Edge of a cloud", _refused("cloud_edge", "shadow_edge")),
    Slot("Old strip, other colour", _recoloured),
    Slot("Old road, shift not removed", _refused("road", by="probability", slipped=1.0, lobe=0.7), "twin"),
    Slot("Edge of a burn", _refused("burn")),
    Slot("New strip, too little seen", _unseen),
    Slot("Line in restless ground", _refused("none", by="probability", clutter=1.0)),
)
_ANY_REFUSAL = _refused("road", "logging", "river", "none")


@dataclass(frozen=True)
class Chosen:
    """What fills a slot: where it stands in the table, and under which title."""

    title: str
    number: int
    tell: str = ""


def choose(slots: Sequence[Slot], table: pd.DataFrame, *, spare: Rule) -> list[Chosen]:
    """Fill the slots in their order, no candidate twice; where nothing fits a slot, the spare rule fills it.

    Raises
    ------
    SettingsError
        Where even that finds nothing.
    """
    taken: dict[Slot, int] = {}
    for slot in slots:
        fitting = slot.rule(table.drop(index=list(taken.values())))
        if len(fitting):
            taken[slot] = int(fitting.index[0])
    spares = [int(number) for number in spare(table.drop(index=list(taken.values()))).index]
    missing = [slot for slot in slots if slot not in taken]
    if len(spares) < len(missing):
        raise SettingsError(f"nothing fits {missing[-1].title!r}; simulate more pairs")
    others = dict(zip(missing, spares, strict=False))
    return [
        Chosen(slot.title, taken[slot], slot.tell) if slot in taken else Chosen("Another", others[slot])
        for slot in slots
    ]


def weigh(table: pd.DataFrame) -> pd.DataFrame:
    """Weigh each measure of each candidate: log odds lost against a typical strip, a column a measure."""
    model, shape = load_shape_model(), measure_shape(table)
    return pd.DataFrame(
        {name: curve.read(model.typical[name]) - curve.read(shape[name]) for name, curve in model.curves.items()},
        index=table.index,
    )


def say_measure(name: str, row: Any, shape: Any) -> str:  # noqa: ANN401 - rows of tables
    """Say one measure of a candidate in a few words."""
    says = {
        "strength": f"contrast {row.snr:.0f} x the scatter",
        "straying": f"strays {row.straightness_m:.1f} m",
        "evenness": f"shows on {row.evenness:.0%} of its length",
        "flanks": f"weaker flank {max(row.flank_ratio, 0):.0%} of the stronger",
        "goes_on": f"goes on beyond an end ({shape.goes_on:.0%})",
        "goes_on_both": f"goes on beyond both ends ({shape.goes_on_both:.0%})",
        "resumes": f"comes back further on ({shape.resumes:.0%})",
        "hidden": f"{row.hidden_ends:.0f} of 2 ends not observed",
        "joined": f"a line passes its end across ({shape.joined:.0%})",
        "coarseness": f"single pixels scatter by {row.grain:.0%} of its contrast",
        "twin": f"opposite twin beside it ({min(row.lobe, 1):.0%})",
        "breadth": f"{row.width_m:.0f} m wide",
        "narrowness": f"only {row.width_m:.0f} m wide",
        "overlong": f"{row.length_m / 1000:.1f} km long",
    }
    return says.get(name, name.replace("_", " "))


_SPEAKS = 0.25
_FOR = ("strength", "straying", "evenness", "flanks")


def explain(row: Any, shape: Any, lost: pd.Series, *, tell: str) -> str:  # noqa: ANN401 - rows of tables
    """Say which measures decided."""
    against = [str(name) for name, weight in lost.sort_values(ascending=False).items() if weight > _SPEAKS]
    if row.verdict == "not_observed":
        return f"{row.observed_share:.0%} of its axis was observed on both dates, {_OBSERVED:.0%} are asked for"
    if row.verdict == "unchanged" and row.probability >= LEAST:
        return f"Not new: the fainter date shows {row.kept_share:.0%} of its contrast, enough to count as seen"
    if row.probability < LEAST:
        first = [tell] if tell else []
        reasons = [say_measure(name, row, shape) for name in [*first, *(one for one in against if one != tell)][:3]]
        return "Against it: " + ", ".join(reasons)
    speaking = [name for name in _FOR if name not in against[:1]]
    text = "For it: " + ", ".join(say_measure(name, row, shape) for name in speaking[:3])
    return text + (f"; against it: {say_measure(against[0], row, shape)}" if against else "")


def _chance(probability: float) -> str:
    return "below 0.01" if probability < 0.01 else f"{min(probability, 0.99):.2f}"


def say_verdict(row: Any) -> str:  # noqa: ANN401 - a row of a table
    """Say what the detector answers."""
    verdict = str(row.verdict).replace("_", " ")
    return f"{verdict}, probability {_chance(row.probability)}; {row.length_m:.0f} m by {row.width_m:.0f} m"


def subtitle(row: Any, side_km: float) -> str:  # noqa: ANN401 - a row of a table
    """Say what is true of a candidate, and how much ground is shown."""
    words = [str(row.biome)]
    if isinstance(row.surface, str) and row.true_kind:
        words.append(f"{row.surface} of contrast {row.contrast:.2f}, {row.true_width_m:.0f} m wide")
        if row.true_seen < 0.95:
            words.append(f"{row.true_seen:.0%} of it clear")
    return ", ".join([*words, f"{side_km:.1f} km across"])


_SHEET_PX = 1200
_COLUMNS = 2
_GAP_PX = 14
_CUT_PX = 188
_TEXT_PX, _TITLE_PX, _LINE_PX = 16, 19, 20
_TEXT_LINES = 3
_LEAST_GROUND_PX, _AROUND_PX = 76, 18
_COLOURS = 96
_INK, _SOFT, _PAPER, _FRAME = (20, 24, 28), (88, 96, 105), (255, 255, 255), (208, 215, 222)
_MARK, _RIM = (255, 255, 255), (20, 24, 28)
_SHARP = 3


def draw_tile(answered: Answered, row: Any, title: str, why: str) -> Image.Image:  # noqa: ANN401 - a row of a table
    """Draw before, after and change of one candidate, with what is said of it."""
    width = (_SHEET_PX - (_COLUMNS + 1) * _GAP_PX) // _COLUMNS
    top = _TITLE_PX + 6 + _LINE_PX
    tile = Image.new("RGB", (width, top + _CUT_PX + 6 + _TEXT_LINES * _LINE_PX), _PAPER)
    draw = ImageDraw.Draw(tile)
    window, cuts = cut_out(answered, row)
    draw.text((0, 0), title, font=ImageFont.load_default(size=_TITLE_PX), fill=_INK)
    font = ImageFont.load_default(size=_TEXT_PX)
    draw.text((0, _TITLE_PX + 4), subtitle(row, window.rows * answered.aligned.pixel_m / 1000), font=font, fill=_SOFT)
    for number, picture in enumerate(cuts):
        left = number * (width - _CUT_PX) // 2
        tile.paste(picture, (left, top))
        draw.rectangle((left, top, left + _CUT_PX - 1, top + _CUT_PX - 1), outline=_FRAME)
    text = [say_verdict(row), *_wrap(draw, why, font, width)]
    for number, part in enumerate(text[:_TEXT_LINES]):
        draw.text((0, top + _CUT_PX + 5 + number * _LINE_PX), part, font=font, fill=_INK)
    return tile


def _wrap(draw: ImageDraw.ImageDraw, text: str, font: Any, width_px: int) -> list[str]:  # noqa: ANN401 - Pillow's font
    """Break a text into lines that fit."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font=font) <= width_px:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def cut_out(answered: Answered, row: Any) -> tuple[Window, list[Image.Image]]:  # noqa: ANN401 - a row of a table
    """Cut before, after and change around a candidate's axis, its ends marked."""
    pair, affine = answered.aligned, answered.aligned.grid.affine
    ends = np.array([~affine * point for point in row.geometry.coords])
    middle = ends.mean(axis=0)
    side = max(_LEAST_GROUND_PX, int(np.ceil(np.abs(ends[1] - ends[0]).max())) + 2 * _AROUND_PX)
    first = np.floor(middle - side / 2).astype(int)
    window = Window(int(first[1]), int(first[0]), side, side)
    block, moved = pair.read(window), change(pair).read(window)
    order = [pair.model.bands.index(band) for band in TRUE_COLOUR]
    seen = [block.unseen_before == 0, block.unseen_after == 0]
    images = [block.before[order], block.after[order]]
    stretch = fit_stretch(images, seen)
    cuts = [
        enlarge(paint_image(image, known, stretch), known, size_px=_CUT_PX)
        for image, known in zip(images, seen, strict=True)
    ]
    cuts.append(enlarge(paint_change(moved.change, moved.valid), moved.valid, size_px=_CUT_PX))
    places = (ends - first) * _CUT_PX / side
    return window, [_mark(Image.fromarray(cut), places) for cut in cuts]


def _mark(picture: Image.Image, ends: np.ndarray[Any, Any]) -> Image.Image:
    """Draw a bracket around each end, a little beyond it."""
    size = picture.width
    large = Image.new("RGBA", (size * _SHARP, size * _SHARP), (0, 0, 0, 0))
    draw = ImageDraw.Draw(large)
    along = (ends[1] - ends[0]) / np.hypot(*(ends[1] - ends[0]))
    across = np.array([-along[1], along[0]])
    for width, colour in ((4.4, _RIM), (2.0, _MARK)):
        for end, outward in zip(ends, (-along, along), strict=True):
            foot = end + 4 * outward
            corners = [foot + half * across + back * outward for half, back in ((-8, -7), (-8, 0), (8, 0), (8, -7))]
            path = [(float(one[0]) * _SHARP, float(one[1]) * _SHARP) for one in corners]
            draw.line(path, fill=(*colour, 255), width=round(width * _SHARP), joint="curve")
    marks = large.resize((size, size), Image.Resampling.LANCZOS)
    return Image.alpha_composite(picture.convert("RGBA"), marks).convert("RGB")


def compose(tiles: Sequence[Image.Image], *, about: str) -> Image.Image:
    """Put tiles on one sheet, in reading order."""
    width, height = tiles[0].size
    rows = -(-len(tiles) // _COLUMNS)
    head = 34
    sheet = Image.new("RGB", (_SHEET_PX, head + rows * (height + _GAP_PX) + _GAP_PX), _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP_PX, 10), about, font=ImageFont.load_default(size=_TEXT_PX), fill=_SOFT)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, _COLUMNS)
        sheet.paste(tile, (_GAP_PX + column * (width + _GAP_PX), head + _GAP_PX + row * (height + _GAP_PX)))
    return sheet


ABOUT = (
    "Each: before | after | change of bareness (orange: barer, purple: less bare). Brackets: the ends as found. "
    "Hatched: not observed."
)


def main() -> None:
    """Simulate, compare, choose and draw."""
    scenes = {plan.seed: answer(plan) for plan in PLANS}
    table = pd.concat([pd.DataFrame(one.table).reset_index() for one in scenes.values()], ignore_index=True)
    shape, lost = measure_shape(table), weigh(table)
    contrasts = table[["contrast_before", "contrast_after"]]
    table = table.assign(
        called_new=(table["verdict"] == "new").astype(float),
        straying_lost=lost["straying"],
        joined_share=shape["joined"],
        kept_share=(contrasts.min(axis=1) / contrasts.max(axis=1)).fillna(0.0),
    )
    for name, slots, spare in (("findings", FINDINGS, _ANY_HIT), ("refusals", REFUSALS, _ANY_REFUSAL)):
        tiles = []
        for one in choose(slots, table, spare=spare):
            row = table.loc[one.number]
            weights = pd.Series(lost.loc[one.number])
            why = explain(row, shape.loc[one.number], weights, tell=one.tell)
            tiles.append(draw_tile(scenes[int(str(row["seed"]))], row, one.title, why))
        sheet = compose(tiles, about=ABOUT).quantize(_COLOURS, dither=Image.Dither.NONE)
        sheet.save(HERE / f"gallery_{name}.png", optimize=True)


if __name__ == "__main__":
    main()
