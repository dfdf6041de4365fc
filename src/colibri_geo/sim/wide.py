"""A simulated pair wider than memory: blocks simulated one by one, joined without a seam, written row by row.

Every block has the same looks, so both dates have one radiometry, one shift and one noise throughout. Neighbours fade
into each other over `FADE_PX` of ground, at the same ground on both dates: what changes cover there changes it on both.
Strips and confusers of a block lie where it alone shows.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.windows import Window
from scipy.special import ndtr

from colibri_geo.errors import SettingsError
from colibri_geo.sim.files import (
    LICENCE,
    PER_UNIT,
    StoredArray,
    format_strips,
    image_profile,
    image_tags,
    pair_files,
    publish,
    to_stored,
)
from colibri_geo.sim.ground import BLUR_PX, CodeArray
from colibri_geo.sim.pairs import UNSEEN_SCL, TruthStrip, simulate_pair
from colibri_geo.sim.shapes import Bar, Point, Shape
from colibri_geo.sim.spec import Confuser, SceneSpec, Strip
from colibri_geo.sim.spectra import FloatArray

Progress = Callable[[str], None]

FADE_PX = 32
"""Ground over which neighbouring blocks fade into each other."""
FILE_BLOCK_PX = 512
MIN_CLEAR_PX = 32
SWATH_M = 25_600.0
"""From one detector of the satellite to the next."""
_MARGIN_PX = FADE_PX // 2
_RAMP_PX = FADE_PX - 2  # a pixel of room on both sides, for the shift
_SWATH_SLOPE = math.tan(math.radians(13.5))
_LEAST_SHARE = 1e-6
_ZLEVEL = 6
_CACHE_MB = 64


@dataclass(frozen=True)
class Lattice:
    """How a wide picture is cut into blocks.

    Attributes
    ----------
    rows, cols : int
        Of the picture, pixels.
    down, right : int
        How many blocks.
    """

    rows: int
    cols: int
    down: int
    right: int

    @property
    def row_edges(self) -> tuple[int, ...]:
        """First row of each block, and the row after the last."""
        return tuple(number * self.rows // self.down for number in range(self.down + 1))

    @property
    def col_edges(self) -> tuple[int, ...]:
        """First column of each block, and the column after the last."""
        return tuple(number * self.cols // self.right for number in range(self.right + 1))

    @property
    def block_rows(self) -> int:
        """Rows to simulate of a block, with those where it fades."""
        return -(-self.rows // self.down) + FADE_PX

    @property
    def block_cols(self) -> int:
        """Columns to simulate of a block, with those where it fades."""
        return -(-self.cols // self.right) + FADE_PX

    @property
    def clear_px(self) -> int:
        """Side of the square, at the same place in each block, in which the block alone shows."""
        return min(self.rows // self.down, self.cols // self.right) - FADE_PX


def cut_lattice(rows: int, cols: int, *, block_px: int = 672) -> Lattice:
    """Cut a picture into blocks of about one size.

    Parameters
    ----------
    rows, cols : int
    block_px : int
        Side of a block, about.

    Returns
    -------
    Lattice

    Raises
    ------
    SettingsError
        Where a block has no room for anything but its fading edges.

    Examples
    --------
    >>> lattice = cut_lattice(10_000, 10_000)
    >>> lattice.down, lattice.right, lattice.clear_px
    (15, 15, 634)
    """
    lattice = Lattice(rows, cols, max(1, round(rows / block_px)), max(1, round(cols / block_px)))
    if lattice.clear_px < MIN_CLEAR_PX:
        raise SettingsError(
            f"picture of {rows} x {cols} px in blocks of {block_px} px, expected blocks of {MIN_CLEAR_PX + FADE_PX} px "
            "or more; enlarge them"
        )
    return lattice


@dataclass(frozen=True)
class WideSpec:
    """Everything that decides a wide pair.

    Attributes
    ----------
    frame : SceneSpec
        The whole: its size, place, bands and looks; nothing is planted in it.
    lattice : Lattice
    blocks : tuple of SceneSpec
        The blocks that differ: `Lattice.clear_px` wide and high, each with its own seed.
    order : tuple of int
        Which block stands at each place, in reading order.
    swaths : tuple of float
        Brightness of the after image under each detector of the satellite in turn, from west to east.
    """

    frame: SceneSpec
    lattice: Lattice
    blocks: tuple[SceneSpec, ...]
    order: tuple[int, ...]
    swaths: tuple[float, ...] = (1.0,)


def write_wide_pair(
    spec: WideSpec,
    directory: str | Path,
    name: str,
    *,
    overwrite: bool = False,
    workers: int = 1,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Simulate a wide pair and write it into a folder, with masks and truth as `write_pair` does.

    Little more than a block and a few rows of the picture are in memory at a time. The blocks that differ are kept in
    the folder while it is written: some 8 MB each. The images are tiled, deflate-compressed, their directory first.

    Parameters
    ----------
    spec : WideSpec
    directory : str or Path
        Made where it is missing; other files in it stay.
    name : str
        Start of the file names, as in `write_pair`.
    overwrite : bool
        Whether files of the pair that are there are replaced.
    workers : int
        Processes that simulate.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    tuple of Path
        The files written; the same bytes for the same spec, however many workers.

    Raises
    ------
    SettingsError, BandError
        Where the spec cannot be rendered.
    OutputExists, OutputError
    """
    _check(spec)
    names = tuple(f"{name}_{part}" for part in pair_files())

    def write(folder: Path) -> None:
        blocks = folder / "blocks"
        blocks.mkdir()
        tell = progress or (lambda _: None)
        truths = _simulate(spec, blocks, workers, tell)
        for date in range(2):
            tell(f"{names[2 * date]}: writing")
            _write_image(folder / names[2 * date], spec, blocks, date)
            _write_mask(folder / names[2 * date + 1], spec, blocks, date)
        strips = list_wide_truth(spec, truths)
        (folder / names[-1]).write_bytes(format_strips(strips, spec.frame.crs).encode())

    return publish(Path(directory), names, write, overwrite=overwrite)


def list_wide_truth(spec: WideSpec, truths: Sequence[Sequence[TruthStrip]]) -> tuple[TruthStrip, ...]:
    """Put the strips of all blocks onto the map.

    Parameters
    ----------
    spec : WideSpec
    truths : sequence of sequence of TruthStrip
        Of each block that differs, metres from the lower left corner of what is simulated of it.

    Returns
    -------
    tuple of TruthStrip
    """
    frame, lattice = spec.frame, spec.lattice
    strips: list[TruthStrip] = []
    for place, number in enumerate(spec.order):
        row, col = divmod(place, lattice.right)
        foot = lattice.row_edges[row] - _MARGIN_PX + lattice.block_rows
        east = frame.left_m + (lattice.col_edges[col] - _MARGIN_PX) * frame.pixel_m
        north = frame.bottom_m + (frame.rows - foot) * frame.pixel_m
        for strip in truths[number]:
            ends = [_moved(end, east, north) for end in (strip.end1, strip.end2)]
            strip_id = f"T{len(strips) + 1:05d}"
            strips.append(dataclasses.replace(strip, strip_id=strip_id, end1=ends[0], end2=ends[1]))
    return tuple(strips)


def widen_block(spec: SceneSpec, frame: SceneSpec, lattice: Lattice) -> SceneSpec:
    """Add to a block the ground over which it fades, and give it what all blocks have in common.

    Returns
    -------
    SceneSpec
        Its lower left corner is the origin.
    """
    east = FADE_PX * frame.pixel_m
    north = (lattice.block_rows - FADE_PX - spec.rows) * frame.pixel_m
    return dataclasses.replace(
        spec,
        rows=lattice.block_rows,
        cols=lattice.block_cols,
        before=frame.before,
        after=frame.after,
        left_m=0.0,
        bottom_m=0.0,
        strips=tuple(_move_strip(strip, east, north) for strip in spec.strips),
        confusers=tuple(_move_confuser(confuser, east, north) for confuser in spec.confusers),
        clouds=tuple(dataclasses.replace(cloud, center=_moved(cloud.center, east, north)) for cloud in spec.clouds),
    )


def _check(spec: WideSpec) -> None:
    frame, lattice = spec.frame, spec.lattice
    if (frame.rows, frame.cols) != (lattice.rows, lattice.cols) or len(spec.order) != lattice.down * lattice.right:
        raise SettingsError(
            f"picture of {frame.rows} x {frame.cols} px and {len(spec.order)} places, expected the "
            f"{lattice.rows} x {lattice.cols} px and {lattice.down * lattice.right} places of its lattice; correct it"
        )
    strange = [
        block
        for block in spec.blocks
        if (block.rows, block.cols) != (lattice.clear_px, lattice.clear_px)
        or (block.bands, block.pixel_m) != (frame.bands, frame.pixel_m)
    ]
    if strange or min(spec.order) < 0 or max(spec.order) >= len(spec.blocks):
        raise SettingsError(
            f"{len(spec.blocks)} blocks, expected one for each number in the order, {lattice.clear_px} px wide and "
            "high with the bands and pixels of the whole; correct them"
        )
    shifts = [shift for look in frame.looks for shift in (look.shift_east_px, look.shift_north_px)]
    if len(frame.looks) != 2 or max(map(abs, shifts)) > 1:
        raise SettingsError(
            f"{len(frame.looks)} dates shifted by up to {max(map(abs, shifts)):g} px, expected 2 and 1 px at most; "
            "correct them"
        )


def _moved(point: Point, east: float, north: float) -> Point:
    return point[0] + east, point[1] + north


def _move_strip(strip: Strip, east: float, north: float) -> Strip:
    return dataclasses.replace(
        strip,
        end1=_moved(strip.end1, east, north),
        end2=_moved(strip.end2, east, north),
        apron=tuple(_moved(point, east, north) for point in strip.apron),
        track=tuple(_moved(point, east, north) for point in strip.track),
    )


def _move_confuser(confuser: Confuser, east: float, north: float) -> Confuser:
    features = tuple(
        dataclasses.replace(feature, shape=_move_shape(feature.shape, east, north)) for feature in confuser.features
    )
    return dataclasses.replace(confuser, features=features)


def _move_shape(shape: Shape, east: float, north: float) -> Shape:
    if isinstance(shape, Bar):
        return dataclasses.replace(shape, end1=_moved(shape.end1, east, north), end2=_moved(shape.end2, east, north))
    return dataclasses.replace(shape, points=tuple(_moved(point, east, north) for point in shape.points))


# -------------------------------------------------------------------------------------------------- blocks, on disk


@dataclass(frozen=True)
class _Job:
    """A block to simulate, and where to put it."""

    spec: SceneSpec
    values: Path
    codes: Path


def _simulate(spec: WideSpec, folder: Path, workers: int, tell: Progress) -> list[tuple[TruthStrip, ...]]:
    """Simulate all blocks that differ into files, and return their strips."""
    jobs = [
        _Job(widen_block(block, spec.frame, spec.lattice), _values_path(folder, number), _codes_path(folder, number))
        for number, block in enumerate(spec.blocks)
    ]
    truths = []
    for truth in _run(jobs, workers):
        truths.append(truth)
        tell(f"simulated {len(truths)} of {len(jobs)} blocks")
    return truths


def _run(jobs: Sequence[_Job], workers: int) -> Iterator[tuple[TruthStrip, ...]]:
    if workers == 1:
        yield from map(simulate_block, jobs)
        return
    pool = ProcessPoolExecutor(max_workers=workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield from pool.map(simulate_block, jobs)
    finally:
        pool.shutdown(cancel_futures=True)


def simulate_block(job: _Job) -> tuple[TruthStrip, ...]:
    """Simulate one block into its files, in whatever process."""
    pair = simulate_pair(job.spec)
    np.save(job.values, np.stack([to_stored(pair.before), to_stored(pair.after)]))
    np.save(job.codes, np.stack([pair.before_scl, pair.after_scl]))
    return pair.truth


def _values_path(folder: Path, number: int) -> Path:
    return folder / f"{number}.values.npy"


def _codes_path(folder: Path, number: int) -> Path:
    return folder / f"{number}.codes.npy"


# ------------------------------------------------------------------------------------------------ joined, row by row


@dataclass(frozen=True)
class _Part:
    """Where a block shows in some rows of the picture, and how much.

    Attributes
    ----------
    number : int
        Of the block.
    into : tuple of slice
        Among these rows and the columns of the picture.
    out_of : tuple of slice
        Of the block.
    share : (m, n) ndarray of float32
    """

    number: int
    into: tuple[slice, slice]
    out_of: tuple[slice, slice]
    share: FloatArray


def _write_image(path: Path, spec: WideSpec, folder: Path, date: int) -> None:
    frame = spec.frame
    profile = _profile(frame) | {"count": len(frame.bands), "dtype": "uint16", "nodata": 0, "predictor": 2}
    with rasterio.Env(GDAL_CACHEMAX=_CACHE_MB), rasterio.open(path, "w", **profile) as dataset:
        dataset.descriptions = frame.bands
        dataset.update_tags(**image_tags(frame, date, LICENCE))
        for rows in _row_spans(frame.rows):
            dataset.write(_join_values(spec, folder, date, rows), window=_window(rows, frame.cols))


def _write_mask(path: Path, spec: WideSpec, folder: Path, date: int) -> None:
    frame = spec.frame
    profile = _profile(frame) | {"count": 1, "dtype": "uint8"}
    with rasterio.Env(GDAL_CACHEMAX=_CACHE_MB), rasterio.open(path, "w", **profile) as dataset:
        dataset.descriptions = ("SCL",)
        dataset.update_tags(SYNTHETIC="yes")
        for rows in _row_spans(frame.rows):
            dataset.write(_join_codes(spec, folder, date, rows), 1, window=_window(rows, frame.cols))


def _profile(frame: SceneSpec) -> dict[str, Any]:
    own = {"blockxsize": FILE_BLOCK_PX, "blockysize": FILE_BLOCK_PX, "zlevel": _ZLEVEL, "BIGTIFF": "IF_SAFER"}
    return image_profile(frame) | own


def _row_spans(rows: int) -> Iterator[range]:
    for first in range(0, rows, FILE_BLOCK_PX):
        yield range(first, min(first + FILE_BLOCK_PX, rows))


def _window(rows: range, cols: int) -> Any:  # noqa: ANN401 - rasterio has no types
    return Window(0, rows.start, cols, len(rows))


def _join_values(spec: WideSpec, folder: Path, date: int, rows: range) -> StoredArray:
    """Join the blocks over some rows: (B, M, N) ndarray of uint16."""
    joined = np.zeros((len(spec.frame.bands), len(rows), spec.frame.cols), dtype=np.float32)
    for part in _find_parts(spec, date, rows):
        block = np.load(_values_path(folder, part.number), mmap_mode="r")
        joined[:, *part.into] += part.share * block[date][:, *part.out_of]
    if date == 1:
        _shade_swaths(joined, spec, rows)
    return to_stored(joined / np.float32(PER_UNIT))


def _join_codes(spec: WideSpec, folder: Path, date: int, rows: range) -> CodeArray:
    """Join the masks over some rows: where any block that shows is not seen, that; else the block that shows most."""
    joined = np.zeros((len(rows), spec.frame.cols), dtype=np.uint8)
    most = np.zeros(joined.shape, dtype=np.float32)
    for part in _find_parts(spec, date, rows):
        codes = np.load(_codes_path(folder, part.number), mmap_mode="r")[date][part.out_of]
        rank = part.share + np.where((part.share > _LEAST_SHARE) & np.isin(codes, UNSEEN_SCL), np.float32(1), 0)
        higher = rank > most[part.into]
        joined[part.into][higher] = codes[higher]
        most[part.into][higher] = rank[higher]
    return joined


def _find_parts(spec: WideSpec, date: int, rows: range) -> Iterator[_Part]:
    """Find all blocks that show in some rows."""
    lattice, look = spec.lattice, spec.frame.looks[date]
    for down in range(lattice.down):
        row = _show(lattice.row_edges, down, rows, lattice.block_rows, moved_px=look.shift_north_px)
        if row is None:
            continue
        for right in range(lattice.right):
            col = _show(lattice.col_edges, right, range(lattice.cols), lattice.block_cols, moved_px=-look.shift_east_px)
            if col is not None:
                number = spec.order[down * lattice.right + right]
                share = row.share[:, None] * col.share[None]
                yield _Part(number, (row.into, col.into), (row.out_of, col.out_of), share)


@dataclass(frozen=True)
class _Show:
    """The same along one axis: slices, and shares as (m,) ndarray of float32."""

    into: slice
    out_of: slice
    share: FloatArray


def _show(edges: Sequence[int], number: int, span: range, side_px: int, *, moved_px: float) -> _Show | None:
    """Return where a block shows along one axis within a span of pixels, which look at ground `moved_px` further on."""
    start = edges[number] - _MARGIN_PX
    first, last = max(span.start, start), min(span.stop, start + side_px)
    if first >= last:
        return None
    ground = np.arange(first, last, dtype=np.float64) + 0.5 + moved_px
    rise = _ramp(ground, edges[number]) if number > 0 else np.ones(len(ground))
    fall = _ramp(ground, edges[number + 1]) if number + 2 < len(edges) else np.zeros(len(ground))
    share = (rise - fall).astype(np.float32)
    return _Show(slice(first - span.start, last - span.start), slice(first - start, last - start), share)


def _ramp(ground: Any, edge: int) -> Any:  # noqa: ANN401 - ndarrays of float64, (m,)
    """Rise smoothly from 0 to 1 across an edge."""
    place = np.clip((ground - edge) / _RAMP_PX + 0.5, 0, 1)
    return place * place * (3 - 2 * place)


def _shade_swaths(values: FloatArray, spec: WideSpec, rows: range) -> None:
    """Give the ground under each detector its brightness, in place: steps along the track of the satellite."""
    frame = spec.frame
    offset = np.array(frame.after.offset or [0.0] * len(frame.bands), dtype=np.float32)[:, None, None] * PER_UNIT
    factor = swath_brightness(spec, rows)
    values -= offset
    values *= factor
    values += offset


def swath_brightness(spec: WideSpec, rows: range) -> FloatArray:
    """Return what the detectors make of the after image over some rows of a wide picture.

    Returns
    -------
    (M, N) ndarray of float32, factors
    """
    frame, width = spec.frame, SWATH_M / spec.frame.pixel_m
    along = (np.arange(rows.start, rows.stop) + 0.5 - frame.rows / 2) * -_SWATH_SLOPE  # the track leads to the west
    reach = frame.rows / 2 * _SWATH_SLOPE
    first, last = math.floor(-reach / width), math.ceil((frame.cols + reach) / width)
    brightness = [spec.swaths[number % len(spec.swaths)] for number in range(first, last + 1)]
    factor = np.full((len(rows), frame.cols), brightness[0], dtype=np.float32)
    for number, (left, right) in enumerate(itertools.pairwise(brightness), start=first + 1):
        edge = number * width + width / 2 + along
        low, high = (int(np.clip(end, 0, frame.cols)) for end in (edge.min() - 5, edge.max() + 5))
        place = (np.arange(low, high) + 0.5)[None] - edge[:, None]
        factor[:, low:high] += np.float32(right - left) * ndtr(place / BLUR_PX).astype(np.float32)
        factor[:, high:] += np.float32(right - left)
    return factor
