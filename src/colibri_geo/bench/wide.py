"""The pairs that speed is measured on: wide, and as full of strips and confusers as the group ``ordinary``.

Each block is a scene of that group, of a development seed of its own, on the looks that all have in common; detector
seams run through the whole picture, as many on the ground as in the group. A pair of more than `MOST_BLOCKS` blocks
repeats `REPEATED_BLOCKS` of them, each time beside others: speed does not tell one block from another, and simulating
takes longer than anything that is measured.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from colibri_geo.bench.scenes import BRIEFS, DEVELOPMENT_SEEDS, RGBN, SIX, Brief, plan_scene
from colibri_geo.errors import SettingsError
from colibri_geo.sim import SceneSpec
from colibri_geo.sim.files import pair_files
from colibri_geo.sim.placing import draw_look
from colibri_geo.sim.wide import Lattice, WideSpec, cut_lattice, write_wide_pair

Progress = Callable[[str], None]

MOST_BLOCKS = 300
REPEATED_BLOCKS = 100
BANDS = {4: RGBN, 6: SIX}
TILE_PX = 10_980
"""Side of a Sentinel-2 tile of 10 m pixels: 110 km."""
_EDITION = 1  # another one wherever the pixels of the same name would change
_SEED = 31
_LEFT_M, _BOTTOM_M = 400_000.0, 100_000.0
_BEFORE = datetime(2025, 1, 10, 15, 20, tzinfo=UTC)
_AFTER = datetime(2025, 3, 21, 15, 20, tzinfo=UTC)
_MOST_SHIFT_PX = 0.5
_SWATHS = 12


@dataclass(frozen=True)
class WidePair:
    """A wide pair on disk.

    Attributes
    ----------
    before, after, truth : Path
    rows, cols : int
    bands : int
    blocks, distinct : int
        How many blocks it is made of, and how many of them differ.
    """

    before: Path
    after: Path
    truth: Path
    rows: int
    cols: int
    bands: int
    blocks: int
    distinct: int

    @property
    def mpx(self) -> float:
        """Pixels of the pair's grid, millions."""
        return self.rows * self.cols / 1e6


def make_wide_pair(
    folder: Path, side_px: int, *, bands: int = 4, workers: int = 1, progress: Progress | None = None
) -> WidePair:
    """Give a square wide pair: the one in the folder, or a new one written into it.

    Parameters
    ----------
    folder : Path
    side_px : int
    bands : int
        4 or 6.
    workers : int
        Processes that simulate.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    WidePair

    Raises
    ------
    SettingsError
    OutputError
        The folder cannot be written.
    """
    spec = plan_wide(side_px, side_px, bands=bands)
    name = f"wide{_EDITION}_{side_px}px_{bands}bands"
    names = [f"{name}_{part}" for part in pair_files()]
    if not all((folder / one).is_file() for one in names):
        write_wide_pair(spec, folder, name, overwrite=True, workers=workers, progress=progress)
    return WidePair(
        before=folder / names[0],
        after=folder / names[2],
        truth=folder / names[-1],
        rows=side_px,
        cols=side_px,
        bands=bands,
        blocks=len(spec.order),
        distinct=len(spec.blocks),
    )


def plan_wide(rows: int, cols: int, *, bands: int = 4, brief: Brief | None = None, block_px: int = 672) -> WideSpec:
    """Plan a wide pair.

    Parameters
    ----------
    rows, cols : int
    bands : int
        4 or 6.
    brief : Brief, optional
        Another mix than that of the group ``ordinary``.
    block_px : int
        Side of a block, about; the group's scenes are 640 px wide, and a block fades at its edges.

    Returns
    -------
    WideSpec
        The same for the same arguments.

    Raises
    ------
    SettingsError
    """
    if bands not in BANDS:
        raise SettingsError(f"{bands} bands, expected 4 or 6; choose one of them")
    lattice = cut_lattice(rows, cols, block_px=block_px)
    frame = _plan_frame(lattice, BANDS[bands])
    places = lattice.down * lattice.right
    distinct = places if places <= MOST_BLOCKS else REPEATED_BLOCKS
    brief = dataclasses.replace(brief or BRIEFS["ordinary"], bands=frame.bands, side_px=lattice.clear_px)
    blocks = tuple(_drop_seams(plan_scene(brief, seed)) for seed in DEVELOPMENT_SEEDS[:distinct])
    rng = np.random.default_rng([_SEED, 2])
    return WideSpec(frame, lattice, blocks, _draw_order(rng, places, distinct), _draw_swaths(rng))


def _plan_frame(lattice: Lattice, bands: Sequence[str]) -> SceneSpec:
    """Plan what all blocks have in common; haze, whose fronts would end at the edges of blocks, there is none."""
    rng = np.random.default_rng([_SEED, 1])
    before, after = (
        dataclasses.replace(draw_look(rng, acquired, len(bands), reach), haze=0.0)
        for acquired, reach in ((_BEFORE, 0.0), (_AFTER, _MOST_SHIFT_PX))
    )
    return SceneSpec(
        seed=_SEED,
        rows=lattice.rows,
        cols=lattice.cols,
        bands=tuple(bands),
        before=before,
        after=after,
        left_m=_LEFT_M,
        bottom_m=_BOTTOM_M,
    )


def _drop_seams(spec: SceneSpec) -> SceneSpec:
    """Leave out detector seams, which would end at the edges of the block."""
    return dataclasses.replace(spec, confusers=tuple(one for one in spec.confusers if one.kind != "seam"))


def _draw_order(rng: np.random.Generator, places: int, distinct: int) -> tuple[int, ...]:
    rounds = [rng.permutation(distinct) for _ in range(-(-places // distinct))]
    return tuple(int(number) for number in np.concatenate(rounds)[:places])


def _draw_swaths(rng: np.random.Generator) -> tuple[float, ...]:
    """Draw the brightness of each detector: steps of 1 to 4 % from one to the next, as the simulator's seams."""
    steps = rng.uniform(0.01, 0.04, _SWATHS) * rng.choice([-1, 1], _SWATHS)
    return tuple(1.0 + float(step) if number % 2 else 1.0 for number, step in enumerate(steps))
