"""The change between two scenes, in standard deviations of ground that did not change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.core.resample import Coarse
from colibri_geo.core.windows import Window
from colibri_geo.pairs.aligned import AlignedPair, PairBlock

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
CodeArray = np.ndarray[Any, np.dtype[np.uint8]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

BARE_WEIGHTS = {"blue": 0.2, "green": 0.3, "red": 1.0, "nir": -0.3, "swir16": 0.5, "swir22": 0.5}
"""Bareness as a weighted sum of reflectances: bare soil is bright in red and short-wave infrared, vegetation in near
infrared. A difference vegetation index with its sign turned (Richardson, A. J., Wiegand, C. L. (1977), Distinguishing
vegetation from soil background information, Photogrammetric Engineering and Remote Sensing 43, 1541-1552)."""

_CHUNK_PX = 32_768  # pixels of a band whitened at once: they stay in the cache


@dataclass(frozen=True)
class ChangeBlock:
    """Change of one window.

    Attributes
    ----------
    before, after : (B, M, N) ndarray of float32
        Both dates whitened: the difference of the two has unit covariance on unchanged ground. 0 where a date is not
        observed.
    unseen_before, unseen_after : (M, N) ndarray of uint8, `Unseen` codes
    bare_direction : (B,) ndarray of float32
        Unit vector: the direction of bareness among the whitened bands.
    """

    before: FloatArray
    after: FloatArray
    unseen_before: CodeArray
    unseen_after: CodeArray
    bare_direction: FloatArray

    @property
    def valid_before(self) -> BoolArray:
        """(M, N) ndarray of bool: observed on the before date."""
        seen: BoolArray = self.unseen_before == 0
        return seen

    @property
    def valid_after(self) -> BoolArray:
        """(M, N) ndarray of bool: observed on the after date."""
        seen: BoolArray = self.unseen_after == 0
        return seen

    @property
    def valid(self) -> BoolArray:
        """(M, N) ndarray of bool: observed on both dates."""
        return self.valid_before & self.valid_after

    @property
    def unseen(self) -> CodeArray:
        """(M, N) ndarray of uint8: 0 where observed on both dates, else the reason."""
        worst: CodeArray = np.maximum(self.unseen_before, self.unseen_after)
        return worst

    @property
    def bare_before(self) -> FloatArray:
        """(M, N) ndarray of float32: bareness on the before date, in standard deviations of its change."""
        return _project(self.bare_direction, self.before)

    @property
    def bare_after(self) -> FloatArray:
        """(M, N) ndarray of float32: bareness on the after date, in standard deviations of its change."""
        return _project(self.bare_direction, self.after)

    @property
    def change(self) -> FloatArray:
        """(M, N) ndarray of float32: change of bareness, positive where ground became bare; 0 where not observed."""
        return np.where(self.valid, self.bare_after - self.bare_before, np.float32(0))


@dataclass(frozen=True)
class CoarseChange:
    """Change of one window, averaged over blocks of pixels.

    Attributes
    ----------
    before, after : Coarse
        (B, M // factor, N // factor), whitened as those of `ChangeBlock`.
    unseen_before, unseen_after : (M, N) ndarray of uint8, `Unseen` codes
    bare_direction : (B,) ndarray of float32
        See `ChangeBlock`.
    """

    before: Coarse
    after: Coarse
    unseen_before: CodeArray
    unseen_after: CodeArray
    bare_direction: FloatArray


@dataclass(frozen=True)
class ChangeMap:
    """The change of a pair, computed by window when it is read; picklable.

    Attributes
    ----------
    pair : AlignedPair
    """

    pair: AlignedPair

    @property
    def grid(self) -> GeoBox:
        """The pair's grid."""
        return self.pair.grid

    @property
    def whole(self) -> Window:
        """The window of the whole pair."""
        return self.pair.whole

    @property
    def bare_direction(self) -> FloatArray:
        """(B,) ndarray of float32: unit vector of bareness among the whitened bands."""
        return _bare_direction(self.pair.model.bands, _whitening(np.array(self.pair.model.covariance)))

    def read(self, window: Window | None = None) -> ChangeBlock:
        """Compute the change of a window; it may reach beyond the pair.

        Parameters
        ----------
        window : Window, optional
            The whole pair by default.

        Returns
        -------
        ChangeBlock
        """
        return self.measure(self.pair.read(window))

    def measure(self, block: PairBlock) -> ChangeBlock:
        """Compute the change of pixels of the pair that were read already."""
        whitening = _whitening(np.array(self.pair.model.covariance))
        before = _whiten(whitening, block.before, block.unseen_before == 0)
        after = _whiten(whitening, block.after, block.unseen_after == 0)
        return ChangeBlock(before, after, block.unseen_before, block.unseen_after, self.bare_direction)

    def read_coarse(self, window: Window, factor: int) -> CoarseChange:
        """Compute the change of a window averaged over blocks of `factor` by `factor` pixels."""
        block = self.pair.read_coarse(window, factor)
        whitening = _whitening(np.array(self.pair.model.covariance))
        before, after = (
            Coarse(_whiten(whitening, one.image, one.seen), one.seen) for one in (block.before, block.after)
        )
        return CoarseChange(before, after, block.unseen_before, block.unseen_after, self.bare_direction)


def change(pair: AlignedPair) -> ChangeMap:
    """Return the change of a pair; nothing is read yet.

    Parameters
    ----------
    pair : AlignedPair

    Returns
    -------
    ChangeMap
        ``change`` is signed, in standard deviations of unchanged ground.

    Notes
    -----
    With the covariance C of unchanged ground from the survey, both dates are multiplied by the inverse of its Cholesky
    factor, so that their difference has unit covariance there: its squared norm is the Mahalanobis distance of change.
    """
    return ChangeMap(pair)


def _whitening(covariance: np.ndarray[Any, np.dtype[np.float64]]) -> FloatArray:
    return np.linalg.inv(np.linalg.cholesky(covariance)).astype(np.float32)


def _whiten(whitening: FloatArray, values: FloatArray, seen: BoolArray) -> FloatArray:
    # By hand: the matrix is a small triangle, and a threaded matrix product costs more than it saves on cells.
    whitened = np.zeros(values.shape, dtype=np.float32)
    if not seen.any():
        return whitened
    step = max(1, _CHUNK_PX // values.shape[2])
    for top in range(0, values.shape[1], step):
        chunk, product = values[:, top : top + step], whitened[:, top : top + step]
        part = np.empty_like(chunk[0])
        for row, weights in enumerate(whitening):
            for band in range(row + 1):
                product[row] += np.multiply(chunk[band], weights[band], out=part)
    if not seen.all():
        np.copyto(whitened, 0, where=~seen)
    return whitened


def _bare_direction(bands: tuple[str, ...], whitening: FloatArray) -> FloatArray:
    weights = np.array([BARE_WEIGHTS.get(band, 0.0) for band in bands])
    direction = np.linalg.solve(whitening.T.astype(np.float64), weights)
    unit: FloatArray = (direction / np.linalg.norm(direction)).astype(np.float32)
    return unit


def _project(direction: FloatArray, values: FloatArray) -> FloatArray:
    projected: FloatArray = (direction @ values.reshape(len(values), -1)).reshape(values.shape[1:])
    return projected
