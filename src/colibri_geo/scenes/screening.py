"""Scenes without a mask: clouds are recognised by what they look like, wherever a window is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from colibri_geo.core.clouds import choose_bands, choose_first_band, find_bright, find_clouds, find_reach_px
from colibri_geo.core.windows import Window
from colibri_geo.errors import BandError
from colibri_geo.scenes.georeference import measure_pixel
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.scaling import SURFACE, TOA
from colibri_geo.scenes.scene import Block, BoolArray, Scene, Source

PackedMask = np.ndarray[Any, np.dtype[np.uint8]]

_FINEST_M = 0.25  # of finer images, too many pixels would have to be read around each window
_FEW_PX = 2**14  # windows up to this are looked at by themselves: a sample should not cost a tile
_TILE_PX = 512
_MOST_TILES = 2**11  # 64 MB of bits
_WHOLE_PX = 2**18  # up to so many pixels, all are looked at to tell the share under cloud
_SAMPLE_PX = 64
_SAMPLES = 6  # windows a side: spread evenly, they tell the share under cloud within some hundredths


@dataclass(frozen=True)
class ScreenedSource:
    """Reads what another source reads, and marks clouds in it; picklable where that one is.

    Attributes
    ----------
    source : Source
    bands : tuple of str
        Common names of all of its bands, in its order.
    pixel_m : float
        Side of a pixel on the ground; the shorter one where they differ.

    Notes
    -----
    More is looked at than was asked for, on every side, so that what is cloud depends neither on the window nor on the
    bands that are read. What was seen in a tile is remembered, because windows overlap.
    """

    source: Source
    bands: tuple[str, ...]
    pixel_m: float
    _seen: dict[tuple[int, int], PackedMask] = field(default_factory=dict, repr=False, compare=False)

    def __getstate__(self) -> dict[str, object]:
        """Leave behind what was seen when it is sent to another process: it is quickly seen again."""
        return {**self.__dict__, "_seen": {}}

    def read(self, window: Window, positions: Sequence[int]) -> Block:
        """Read the bands at `positions`; see `colibri_geo.scenes.scene.Source`."""
        block = self.source.read(window, positions)
        if not (block.unseen < Unseen.NODATA.value).any():
            return block
        few = window.rows * window.cols <= _FEW_PX
        clouds = self._find_clouds(window) if few else self._join_tiles(window)
        cloudy = np.where(clouds, np.maximum(block.unseen, np.uint8(Unseen.CLOUD)), block.unseen)
        return Block(block.values, cloudy.astype(np.uint8))

    def _find_clouds(self, window: Window) -> BoolArray:
        names = choose_bands(self.bands)
        around = window.padded(find_reach_px(self.pixel_m))
        first = choose_first_band(names)
        if not find_bright(self._read_bands(around, (first,)).values[0], first).any():
            return np.zeros((window.rows, window.cols), dtype=np.bool_)
        block = self._read_bands(around, names)
        clouds = find_clouds(block.values, names, block.unseen < Unseen.NODATA.value, pixel_m=self.pixel_m)
        return clouds[window.relative_to(around).slices]

    def _read_bands(self, window: Window, names: Sequence[str]) -> Block:
        return self.source.read(window, [self.bands.index(name) for name in names])

    def _join_tiles(self, window: Window) -> BoolArray:
        clouds = np.zeros((window.rows, window.cols), dtype=np.bool_)
        around = window.snapped(_TILE_PX)
        for row in range(around.row, around.row + around.rows, _TILE_PX):
            for col in range(around.col, around.col + around.cols, _TILE_PX):
                place = Window(row, col, _TILE_PX, _TILE_PX).relative_to(window)
                target = place.clipped(window.rows, window.cols)
                clouds[target.slices] = self._recall_tile(row, col)[target.relative_to(place).slices]
        return clouds

    def _recall_tile(self, row: int, col: int) -> BoolArray:
        bits = self._seen.get((row, col))
        if bits is None:
            bits = np.packbits(self._find_clouds(Window(row, col, _TILE_PX, _TILE_PX)))
            if len(self._seen) < _MOST_TILES:
                self._seen[row, col] = bits
        return np.unpackbits(bits).reshape(_TILE_PX, _TILE_PX).view(np.bool_)


def can_screen(scene: Scene) -> bool:
    """Whether clouds can be recognised: reflectance, with the bands for it, in pixels of 0.25 m or more.

    Not in 8-bit pictures of unknown gain.

    Raises
    ------
    BadGeoreference
        For a grid outside of what its coordinate reference system covers.
    """
    if scene.quantity not in {SURFACE, TOA} or not choose_bands(scene.bands):
        return False
    return measure_pixel(scene.grid, name=scene.name).finer_m >= _FINEST_M


def screen_clouds(scene: Scene) -> Scene:
    """Return a scene in which clouds are marked as `Unseen.CLOUD`, with a note that says so.

    Use it where no mask tells of clouds: a mask knows thin cloud and shadow too.

    Parameters
    ----------
    scene : Scene
        One of which `can_screen` is true.

    Returns
    -------
    Scene
        Its notes end with that of `describe_screening`.

    Raises
    ------
    BandError
        For a scene of other quantities or bands, or of finer pixels.
    BadGeoreference
        For a grid outside of what its coordinate reference system covers.
    """
    if not can_screen(scene):
        raise BandError(
            f"{scene.name}: {scene.quantity} with {', '.join(scene.bands)}, expected reflectance with green and red, "
            f"in pixels of {_FINEST_M:g} m or more, to recognise clouds by; give a mask"
        )
    source = ScreenedSource(scene.source, scene.bands, measure_pixel(scene.grid, name=scene.name).finer_m)
    screened = replace(scene, source=source)
    notes = (*scene.provenance.notes, describe_screening(screened))
    return replace(screened, provenance=replace(scene.provenance, notes=notes))


def describe_screening(scene: Scene) -> str:
    """Say how much of a screened scene was recognised as cloud, and what was not looked for.

    Parameters
    ----------
    scene : Scene
        From `screen_clouds`. A small image is read whole; of others, 36 windows spread evenly.

    Returns
    -------
    str
        A note for `Provenance.notes`.
    """
    positions = [scene.bands.index(band) for band in choose_bands(scene.bands)]
    cloudy = measured = 0
    for window in _spread_windows(*(int(side) for side in scene.grid.shape)):
        unseen = scene.source.read(window, positions).unseen
        cloudy += int(np.count_nonzero(unseen == Unseen.CLOUD.value))
        measured += int(np.count_nonzero(unseen < Unseen.NODATA.value))
    share = _say_share(cloudy, measured)
    return f"no cloud mask: clouds were recognised by brightness{share}; thin cloud and shadow were not"


def _say_share(cloudy: int, measured: int) -> str:
    if not cloudy:
        return ", none in a sample of the measured ground" if measured else ""
    percent = round(100 * cloudy / measured)
    return f" over {f'about {percent}' if percent else 'less than 1'} % of the measured ground"


def _spread_windows(rows: int, cols: int) -> list[Window]:
    """Return the whole of a small image, or windows spread evenly over a large one."""
    if rows * cols <= _WHOLE_PX:
        return [Window(0, 0, rows, cols)]
    high, wide = min(_SAMPLE_PX, rows), min(_SAMPLE_PX, cols)
    first_rows = [(rows - high) * step // (_SAMPLES - 1) for step in range(_SAMPLES)]
    first_cols = [(cols - wide) * step // (_SAMPLES - 1) for step in range(_SAMPLES)]
    return [Window(row, col, high, wide) for row in first_rows for col in first_cols]
