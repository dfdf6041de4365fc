"""Editions of a run for wider audiences: coarser tables and a record that tells no more than they do.

What the edition ``region`` tells, the edition ``5km`` tells too: who has both knows no more than who has the second.

An edition is made of what is named here and of nothing else, so that a column, a note or a file which a run learns to
write later stays out of it until somebody puts it in.

What could tell a place finer than the edition promises, and is left out: axes, ends, centres, outlines; pictures;
exact lengths, widths and azimuths, by which a strip is found again in public imagery; distances to borders, aerodromes
and whatever lies around, three of which are a position; elevation, slope and relief, by which a place in a square is
found again in a public elevation model, whose tiles are named after their corners; whether it lies on an aerodrome that
a public register lists; what hides an end; reasons, which quote measures; the ground that was not observed, because a
new strip lies in the rest; tiles; the grid, names and checksums of the images, which may have been cut around a strip;
times of day, which tell where on its orbit a satellite was; the identifiers of the run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import nan
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Polygon, box

from colibri_geo.errors import SettingsError
from colibri_geo.evidence import LayerRecord, PairRecord, RunRecord, SceneRecord
from colibri_geo.exporting.columns import STRIP_ID, VERDICTS, Column, Kind, conform
from colibri_geo.exporting.coordinates import WGS84, strip_centres
from colibri_geo.exporting.squares import find_square, name_square
from colibri_geo.exporting.wording import caution_for
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.language.formats import ROUNDED_DIGITS
from colibri_geo.layers.columns import LEVELS
from colibri_geo.layers.findings import Findings
from colibri_geo.settings import PRECISIONS

EDITIONS = tuple(precision for precision in PRECISIONS if precision != "exact")
LEAST_KM2 = 25.0
"""Least observed ground of a region that an edition names: that of a square. A sliver of a region at the edge of an
image would be a finer place."""
LENGTH_STEP_M, WIDTH_STEP_M, AZIMUTH_STEP_DEG = 100.0, 10.0, 10.0
SIDES = ("west_lon", "south_lat", "east_lon", "north_lat")
_REGIONS = tuple(level + part for level in LEVELS for part in ("", "_code"))
_BETWEEN = " / "

EDITION_COLUMNS = (
    STRIP_ID,
    Column("edition", Kind.TEXT, required=True),
    Column("verdict", Kind.TEXT, required=True),
    Column("probability", Kind.NUMBER, "", 2, required=True),
    Column("length_m", Kind.NUMBER, "m", 0, required=True),
    Column("width_m", Kind.NUMBER, "m", 0, required=True),
    Column("azimuth_deg", Kind.NUMBER, "deg", 0, required=True),
    *(Column(name, Kind.TEXT) for name in _REGIONS),
    Column("last_without", Kind.TEXT),
    Column("first_with", Kind.TEXT),
)
"""Of the strips of every edition; days are text."""
SQUARE_COLUMNS = (
    Column("square", Kind.TEXT, required=True),
    *(Column(name, Kind.NUMBER, "deg", 2, required=True) for name in SIDES),
)
"""What the edition ``5km`` adds."""


@dataclass(frozen=True)
class Edition:
    """What an edition of a run tells.

    Attributes
    ----------
    precision : str
        ``5km`` or ``region``.
    strips : DataFrame
        Columns of `EDITION_COLUMNS`, in the order of the edition's own ranking, index ``strip_id``: ``E001`` and on.
        In the edition ``5km`` a GeoDataFrame of squares in longitude and latitude, with `SQUARE_COLUMNS`.
    observed : DataFrame
        As of the run, with rounded areas and shares. A strip counts in every region that its square touches, so that no
        region says of none what may be one. In the edition ``region`` without levels that it does not name, and without
        regions of which less than `LEAST_KM2` were observed.
    record : RunRecord
        Of the edition.
    originals : tuple of str
        The identifiers that the strips have in the run: for who made the edition, never written.
    """

    precision: str
    strips: pd.DataFrame
    observed: pd.DataFrame
    record: RunRecord
    originals: tuple[str, ...]

    def say_caution(self, messages: Messages = ENGLISH) -> str:
        """Say what every file of the edition says about itself."""
        return f"{messages.say(f'edition.handling.{self.precision}')} {caution_for(self.record, messages)}"


def check_precision(precision: str, *, regions: bool, rasters: bool = False) -> None:
    """Refuse a precision that there is not, and an edition that would tell more than it may, or nothing.

    Parameters
    ----------
    precision : str
    regions : bool
        Whether the run was given layers of regions, wherever they lie.
    rasters : bool
        Whether rasters are to be written.

    Raises
    ------
    SettingsError
    """
    if precision not in PRECISIONS:
        given = str(precision)[:60]
        raise SettingsError(f"precision {given!r}: expected one of {', '.join(PRECISIONS)}; give one of these")
    if rasters and precision != "exact":
        raise SettingsError(
            f"--rasters (rasters) and --precision {precision} (precision) exclude each other: rasters show exact "
            "positions; leave them out, or write the exact run"
        )
    if precision == "region" and not regions:
        raise SettingsError(
            "--precision region (precision) is given without --regions (regions), whose names are all that it tells of "
            "a place; give a layer of regions, or --precision 5km"
        )


def make_edition(findings: Findings, record: RunRecord, precision: str) -> Edition:
    """Make an edition of a run.

    Parameters
    ----------
    findings : Findings
        As `check_findings` accepts them.
    record : RunRecord
        Of the exact run.
    precision : str
        ``5km`` or ``region``.

    Returns
    -------
    Edition

    Raises
    ------
    SettingsError
        There is no such edition.
    """
    if precision not in EDITIONS:
        raise SettingsError(
            f"edition {str(precision)[:60]!r}: expected {' or '.join(EDITIONS)}; the run itself is saved without one"
        )
    exact = findings.strips
    squares = [find_square(centre.x, centre.y) for centre in strip_centres(exact)]
    keys = _list_regions(squares, findings.regions)
    observed = _count_in_regions(findings.observed, exact["verdict"], keys)
    coarse = _round_strips(exact, precision)
    if precision == "5km":
        coarse = coarse.assign(**_name_regions(keys, LEVELS), **_describe_squares(squares))
        coarse = gpd.GeoDataFrame(coarse, geometry=squares, crs=WGS84)
    else:
        levels = _choose_levels(observed, keys)
        coarse = coarse.assign(**_name_regions(keys, levels))
        named = observed["level"].isin(levels) & (observed["observed_km2"] >= LEAST_KM2)
        observed = observed[(observed["level"] == "all") | named].reset_index(drop=True)
    order = _rank(coarse)
    names = [f"E{number:03d}" for number in range(1, len(order) + 1)]
    columns = (*EDITION_COLUMNS, *(SQUARE_COLUMNS if precision == "5km" else ()))
    ordered = coarse.iloc[order].assign(strip_id=names)
    shown = ordered[[*(column.name for column in columns), *(["geometry"] if precision == "5km" else [])]]
    strips = conform(shown, columns).set_index("strip_id")
    originals = tuple(str(exact.index[position]) for position in order)
    return Edition(precision, strips, _round_areas(observed), reduce_record(record, precision), originals)


def say_square(row: Mapping[Any, Any] | pd.Series[Any], messages: Messages) -> str:
    """Say where the square of one strip of the edition ``5km`` lies."""
    return name_square(box(*(row[side] for side in SIDES)), messages)


def reduce_record(record: RunRecord, precision: str) -> RunRecord:
    """Return the record of an edition: what the run was made of, without what could tell a place.

    Sensors, licences and the credits of region layers are passed on as the files state them.

    Parameters
    ----------
    record : RunRecord
    precision : str

    Returns
    -------
    RunRecord
        Missing: names, sizes, checksums and grids of files, the grid of the pair and what was measured on it, radar,
        layers that are not regions, elevation models among them. Sizes of pixels are rounded.
    """
    return RunRecord(
        before=_reduce_scene(record.before),
        after=_reduce_scene(record.after),
        pair=_reduce_pair(record.pair),
        layers=tuple(
            LayerRecord(layer.role, "", "", credit=layer.credit) for layer in record.layers if layer.role in LEVELS
        ),
        settings=record.settings,
        versions=dict(sorted(record.versions.items())),
        probability_basis=record.probability_basis,
        precision=precision,
        benchmark=record.benchmark,
    )


def _reduce_scene(scene: SceneRecord) -> SceneRecord:
    day = scene.acquired[:10]
    return SceneRecord(
        name=f"image of {day}",
        sha256="",
        size_bytes=0,
        acquired=day,
        bands=scene.bands,
        quantity=scene.quantity,
        scaling="",
        mask="none" if scene.lacks_mask else "",
        mask_sha256=None,
        sensor=scene.sensor,
        product_id=None,
        processing_baseline=scene.processing_baseline,
        licence=scene.licence,
        crs="",
        rows=0,
        cols=0,
        pixel_m=_round_digits(scene.pixel_m),
        synthetic=scene.synthetic,
    )


def _reduce_pair(pair: PairRecord) -> PairRecord:
    return PairRecord(
        crs="",
        metre_crs="",
        transform=(),
        rows=0,
        cols=0,
        pixel_m=_round_digits(pair.pixel_m),
        bands=pair.bands,
        quantity=pair.quantity,
        shift_east_m=nan,
        shift_north_m=nan,
        shift_spread_m=nan,
        shift_tiles=0,
        gain=(),
        offset=(),
        residual=(),
        overlap_share=nan,
        clear_share=nan,
        added_before=nan,
        added_after=nan,
    )


def _round_strips(exact: gpd.GeoDataFrame, precision: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "edition": precision,
            "verdict": exact["verdict"],
            "probability": exact["probability"].round(2).clip(0.01, 0.99),  # never certain
            "length_m": _round_to(exact["length_m"], LENGTH_STEP_M),
            "width_m": _round_to(exact["width_m"], WIDTH_STEP_M),
            "azimuth_deg": (exact["azimuth_deg"] / AZIMUTH_STEP_DEG).round() * AZIMUTH_STEP_DEG % 180,
            "last_without": _write_days(exact["last_without"]),
            "first_with": _write_days(exact["first_with"]),
        },
        index=exact.index,
    )


def _round_to(values: pd.Series[Any], step: float) -> pd.Series[Any]:
    return (values / step).round().clip(lower=1) * step


def _round_digits(value: float) -> float:
    """Round areas and sizes of pixels.

    An exact area is that of one cut of an image, and an exact pixel of a map tells the latitude, or how far the central
    meridian is.
    """
    return float(f"{value:.{ROUNDED_DIGITS - 1}e}")


def _round_areas(observed: pd.DataFrame) -> pd.DataFrame:
    """Round areas, and the share by itself: that of rounded areas could tell of more ground than was seen.

    Shares of 0 and 1 stand only for none and for all.
    """
    written = {name: observed[name].map(_round_digits).astype(float) for name in ("asked_km2", "observed_km2")}
    measured = observed["observed_share"].astype(float)
    share = measured.round(2)
    partly = (observed["observed_km2"] > 0) & ~(measured >= 1)
    return observed.assign(**written, observed_share=share.mask(partly, share.clip(0.01, 0.99)))


def _write_days(times: pd.Series[Any]) -> list[str]:
    return ["" if pd.isna(time) else f"{time:%Y-%m-%d}" for time in times]


def _describe_squares(squares: Iterable[Polygon]) -> dict[str, list[Any]]:
    sides = np.array([square.bounds for square in squares]).reshape(-1, 4)
    return {"square": [name_square(square) for square in squares]} | {
        name: list(column) for name, column in zip(SIDES, sides.T, strict=True)
    }


# ------------------------------------------------------------------------------------------------------------- regions
Keys = dict[str, list[tuple[tuple[str, str], ...]]]
"""By level, for each strip: code and name of every region that its square touches."""


def _list_regions(squares: list[Polygon], regions: gpd.GeoDataFrame | None) -> Keys:
    """List the regions of squares, not of strips: a strip's own region would tell on which side of a border it lies."""
    found: Keys = {level: [()] * len(squares) for level in LEVELS}
    if regions is None or not squares:
        return found
    for level in LEVELS:
        table = regions[regions["level"] == level]
        keys = [_key_region(code, name) for code, name in zip(table["code"], table["name"], strict=True)]
        touched: list[set[tuple[str, str]]] = [set() for _ in squares]
        for square, region in zip(*table.sindex.query(squares, predicate="intersects"), strict=True):
            touched[square].add(keys[region])
        found[level] = [tuple(sorted(names)) for names in touched]
    return found


def _key_region(code: str | None, name: str | None) -> tuple[str, str]:
    return ("" if pd.isna(code) else str(code)), ("" if pd.isna(name) else str(name))


def _name_regions(keys: Keys, levels: Collection[str]) -> dict[str, list[str]]:
    columns = {}
    for level, strips in keys.items():
        named = strips if level in levels else [()] * len(strips)
        columns[level] = [_BETWEEN.join(name or code for code, name in found) for found in named]
        columns[f"{level}_code"] = [_BETWEEN.join(code for code, _ in found if code) for found in named]
    return columns


def _count_in_regions(observed: pd.DataFrame, verdicts: pd.Series[Any], keys: Keys) -> pd.DataFrame:
    """Count in a region the strips whose square touches it, at most as many as that; the first row keeps all."""
    counted = observed.copy()
    for position, (level, code, name) in enumerate(
        zip(observed["level"], observed["code"], observed["name"], strict=True)
    ):
        if level not in keys:
            continue
        key = _key_region(code, name)
        inside = verdicts[[key in found for found in keys[level]]]
        for verdict in VERDICTS:
            if verdict in counted:
                counted.loc[counted.index[position], verdict] = int((inside == verdict).sum())
    return counted


def _choose_levels(observed: pd.DataFrame, keys: Keys) -> list[str]:
    """Return the levels down to the finest at which every region of a strip was observed on enough ground.

    A level is named for all strips or for none: leaving out single regions would tell which ones. A region without a
    row was not observed at all.
    """
    enough = observed[observed["observed_km2"] >= LEAST_KM2]
    levels: list[str] = []
    for position, level in enumerate(LEVELS, start=1):
        rows = enough[enough["level"] == level]
        seen = {_key_region(code, name) for code, name in zip(rows["code"], rows["name"], strict=True)}
        if not seen.issuperset(key for found in keys[level] for key in found):
            break
        if (observed["level"] == level).any():
            levels = list(LEVELS[:position])
    return levels


def _rank(coarse: pd.DataFrame) -> list[int]:
    """Order strips by verdict and probability, then by what the edition tells and by nothing else."""
    rest = [name for name in (*SIDES, *_REGIONS, "length_m", "width_m", "azimuth_deg") if name in coarse]
    keys = pd.DataFrame(
        {
            "verdict_rank": [VERDICTS.index(verdict) for verdict in coarse["verdict"]],
            "doubt": -coarse["probability"],
            **{name: coarse[name].fillna("") if name in _REGIONS else coarse[name] for name in rest},
        }
    )
    ordered = keys.reset_index(drop=True).sort_values(list(keys.columns), kind="stable")
    return [int(position) for position in ordered.index]
