"""Power-law texture on the ground, seen by a sensor through its point spread at any sub-pixel position.

A field is drawn on a lattice finer than the pixels. A look at it multiplies the spectrum by the sensor's transfer
function and by the phase of the look's position, then samples at pixel centres: no finished image is interpolated, and
what lies beyond the sampling limit of the pixels folds back, as it does in a real image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.fft

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
ComplexArray = np.ndarray[Any, np.dtype[np.complex64]]

MARGIN_PX = 32
TYPICAL_BLUR_PX = 0.52


@dataclass(frozen=True)
class TextureField:
    """A random field with a power-law spectrum, of unit variance at a pixel of ordinary sharpness.

    Attributes
    ----------
    spectrum : (K, L) ndarray of complex64
        Half spectrum on the fine lattice.
    rows, cols : int
        Pixels of the scene.
    fine_cols, fine : int
        Columns of the fine lattice, and how many of its points there are on the side of a pixel.
    """

    spectrum: ComplexArray
    rows: int
    cols: int
    fine_cols: int
    fine: int

    def sample(self, *, shift_row_px: float = 0.0, shift_col_px: float = 0.0, blur_px: float = 0.0) -> FloatArray:
        """Look at the field.

        Parameters
        ----------
        shift_row_px, shift_col_px : float
            Where the ground appears relative to its true place, in pixels; at most half of `MARGIN_PX`.
        blur_px : float
            Standard deviation of the Gaussian point spread, in pixels.

        Returns
        -------
        (M, N) ndarray of float32
        """
        fine_rows, step = self.spectrum.shape[0], self.fine
        row_freq = scipy.fft.fftfreq(fine_rows).astype(np.float32)[:, None] * step
        col_freq = scipy.fft.rfftfreq(self.fine_cols).astype(np.float32)[None, :] * step
        row_factor = _look(row_freq, shift_row_px, blur_px)
        col_factor = _look(col_freq, shift_col_px, blur_px)
        looked = self.spectrum * row_factor
        looked *= col_factor
        ground = scipy.fft.irfft2(looked, s=(fine_rows, self.fine_cols), overwrite_x=True)
        start = MARGIN_PX // 2 * step
        seen = ground[start : start + self.rows * step : step, start : start + self.cols * step : step]
        return np.ascontiguousarray(seen, dtype=np.float32)


def _look(frequency: FloatArray, shift_px: float, blur_px: float) -> ComplexArray:
    """Return transfer of a Gaussian point spread times phase of a shift along one axis; frequency in cycles a pixel."""
    phase = np.exp(-2j * np.pi * frequency * shift_px)
    transfer = np.exp(-2 * (np.pi * frequency * blur_px) ** 2)
    factor: ComplexArray = (phase * transfer).astype(np.complex64)
    return factor


def draw_texture(
    rng: np.random.Generator,
    rows: int,
    cols: int,
    *,
    slope: float,
    largest_px: float = 200.0,
    smallest_px: float = 0.0,
    fine: int = 1,
    seen_blur_px: float = TYPICAL_BLUR_PX,
) -> TextureField:
    """Draw a field.

    Parameters
    ----------
    rng : Generator
    rows, cols : int
        Pixels of the scene.
    slope : float
        Power falls with frequency to the power of ``-slope``; 2 to 3 is usual of land cover.
    largest_px : float
        Wavelength beyond which power does not rise any more.
    smallest_px : float
        Gaussian smoothing, standard deviation in pixels, that belongs to the field itself.
    fine : int
        Points of the lattice on the side of a pixel: 2 for what the sensor itself samples, so that detail beyond the
        limit of its pixels folds back; 1 does for smooth fields that shape other things.
    seen_blur_px : float
        Point spread, standard deviation in pixels, behind which the field has unit variance.

    Returns
    -------
    TextureField

    Notes
    -----
    The power is ``(f**2 + f0**2) ** (-slope / 2)`` with ``f0 = 1 / largest_px``; its sum over the frequencies of the
    fine lattice, behind the point spread given, sets the scale, so that neither the size of the scene
    nor chance changes the strength.
    """
    fine_rows, fine_cols = (scipy.fft.next_fast_len((side + MARGIN_PX) * fine, real=True) for side in (rows, cols))
    noise = rng.standard_normal((fine_rows, fine_cols), dtype=np.float32)
    row_freq = scipy.fft.fftfreq(fine_rows).astype(np.float32)[:, None] * fine
    col_freq = scipy.fft.rfftfreq(fine_cols).astype(np.float32)[None, :] * fine
    square = row_freq**2 + col_freq**2
    amplitude = (square + np.float32(largest_px**-2.0)) ** np.float32(-slope / 4)
    amplitude *= np.exp(np.float32(-2 * (np.pi * smallest_px) ** 2) * square)
    amplitude[0, 0] = 0
    seen = amplitude * np.exp(np.float32(-2 * (np.pi * seen_blur_px) ** 2) * square)
    weight = np.full(seen.shape[1], 2.0)
    weight[0] = 1.0
    if fine_cols % 2 == 0:
        weight[-1] = 1.0
    variance = float((seen.astype(np.float64) ** 2 @ weight).sum()) / (fine_rows * fine_cols)
    amplitude /= np.float32(np.sqrt(variance))
    spectrum = scipy.fft.rfft2(noise)
    spectrum *= amplitude
    return TextureField(spectrum, rows, cols, fine_cols, fine)
