"""Both scenes of a pair on one grid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.core.resample import Coarse
from colibri_geo.core.windows import Window
from colibri_geo.pairs.model import PairModel
from colibri_geo.pairs.reading import Placement
from colibri_geo.scenes.scene import Scene

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
CodeArray = np.ndarray[Any, np.dtype[np.uint8]]

NOT_ASKED = 255
"""Marks pixels that neither scene covers in an array of `Unseen` codes."""


@dataclass(frozen=True)
class PairBlock:
    """Pixels of one window of a pair.

    Attributes
    ----------
    before, after : (B, M, N) ndarray of float32
        In the pair's quantity; the shift is removed from `after`, its radiometry matched to `before`.
    unseen_before, unseen_after : (M, N) ndarray of uint8, `Unseen` codes
    """

    before: FloatArray
    after: FloatArray
    unseen_before: CodeArray
    unseen_after: CodeArray

    @property
    def unseen(self) -> CodeArray:
        """(M, N) ndarray of uint8: 0 where observed on both dates, else the reason."""
        worst: CodeArray = np.maximum(self.unseen_before, self.unseen_after)
        return worst

    @property
    def valid(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """(M, N) ndarray of bool: observed on both dates."""
        seen: np.ndarray[Any, np.dtype[np.bool_]] = self.unseen == 0
        return seen


@dataclass(frozen=True)
class CoarsePair:
    """Pixels of one window of a pair, averaged over blocks.

    Attributes
    ----------
    before, after : Coarse
        (B, M // factor, N // factor); in the pair's quantity, shift removed, radiometry matched.
    unseen_before, unseen_after : (M, N) ndarray of uint8, `Unseen` codes
    """

    before: Coarse
    after: Coarse
    unseen_before: CodeArray
    unseen_after: CodeArray


@dataclass(frozen=True)
class AlignedPair:
    """Two scenes on one grid, read lazily by window; picklable.

    Attributes
    ----------
    before, after : Scene
    model : PairModel
    """

    before: Scene
    after: Scene
    model: PairModel

    @property
    def grid(self) -> GeoBox:
        """The pair's grid."""
        return self.model.grid

    @property
    def pixel_m(self) -> float:
        """Side of a pixel, metres of the grid's CRS."""
        return float(self.grid.affine.a)

    @property
    def whole(self) -> Window:
        """The window of the whole pair."""
        return Window(0, 0, int(self.grid.shape[0]), int(self.grid.shape[1]))

    def read(self, window: Window | None = None) -> PairBlock:
        """Read a window of the pair's grid; it may reach beyond it.

        Parameters
        ----------
        window : Window, optional
            The whole pair by default.

        Returns
        -------
        PairBlock
        """
        window = window or self.whole
        before, after = self._before.read(window), self._after.read(window)
        return PairBlock(before.values, self._match(after.values), before.unseen, after.unseen)

    def read_coarse(self, window: Window, factor: int) -> CoarsePair:
        """Read a window averaged over blocks of `factor` by `factor` pixels; its edges are multiples of `factor`."""
        before, after = self._before.read_coarse(window, factor), self._after.read_coarse(window, factor)
        matched = Coarse(self._match(after.coarse.image), after.coarse.seen)
        return CoarsePair(before.coarse, matched, before.unseen, after.unseen)

    @property
    def _before(self) -> Placement:
        return Placement(self.before, self.model.bands, self.grid, added=self.model.added_before)

    @property
    def _after(self) -> Placement:
        model, pixel = self.model, self.grid.affine
        shift_row_px, shift_col_px = model.shift_north_m / pixel.e, model.shift_east_m / pixel.a
        return Placement(self.after, model.bands, self.grid, shift_row_px, shift_col_px, added=model.added_after)

    def _match(self, values: FloatArray) -> FloatArray:
        """Bring values of the after image to the radiometry of the before image."""
        gain = np.array(self.model.gain, dtype=np.float32)[:, None, None]
        offset = np.array(self.model.offset, dtype=np.float32)[:, None, None]
        matched = values * gain
        matched += offset
        return matched


def align(before: Scene, after: Scene, model: PairModel) -> AlignedPair:
    """Bring two scenes onto the grid of their survey.

    Nothing is read yet: the result reads by window, resamples once, and applies what `survey` measured.

    Parameters
    ----------
    before, after : Scene
    model : PairModel
        From `survey` of the same scenes.

    Returns
    -------
    AlignedPair
    """
    return AlignedPair(before, after, model)
