"""Power-law texture."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.sim.texture import draw_texture


def test_strength_does_not_depend_on_the_size_of_the_scene(rng: np.random.Generator) -> None:
    """A field has about unit variance, whatever its size."""
    for size in (96, 400):
        spread = [
            draw_texture(rng, size, size, slope=1.4, largest_px=40.0).sample(blur_px=0.52).std() for _ in range(4)
        ]
        assert np.mean(spread) == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("slope", [1.5, 2.5])
def test_power_falls_with_the_slope_asked_for(rng: np.random.Generator, slope: float) -> None:
    """Log power over log frequency has the slope that was asked for."""
    field = draw_texture(rng, 256, 256, slope=slope, largest_px=1e4, fine=2).sample()
    taper = np.hanning(256)
    power = np.abs(np.fft.fft2(field * np.outer(taper, taper))) ** 2
    frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256)[None, :])
    band = (frequency > 0.03) & (frequency < 0.15)
    fitted = np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[0]
    assert fitted == pytest.approx(-slope, abs=0.25)


def test_shift_by_whole_pixels_moves_the_samples(rng: np.random.Generator) -> None:
    """A shift of two rows down and one column left moves every sample by just that."""
    field = draw_texture(rng, 64, 80, slope=2.0)
    still, moved = field.sample(blur_px=0.5), field.sample(shift_row_px=2, shift_col_px=-1, blur_px=0.5)
    np.testing.assert_allclose(moved[2:, :-1], still[:-2, 1:], atol=1e-4)


def test_half_pixel_shift_is_not_an_interpolation(rng: np.random.Generator) -> None:
    """What a half-pixel shift shows cannot be had from the unshifted image by shifting its spectrum."""
    field = draw_texture(rng, 128, 128, slope=1.4, fine=2)
    still, moved = field.sample(blur_px=0.52), field.sample(shift_col_px=0.5, blur_px=0.52)
    phase = np.exp(-1j * np.pi * np.fft.fftfreq(128))
    guessed = np.fft.ifft(np.fft.fft(still, axis=1) * phase, axis=1).real
    inner = (slice(None), slice(24, -24))
    assert np.std((moved - guessed)[inner]) > 0.03
