"""The search for straight lines: finds them at any azimuth, and nothing where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.core.frames import Line
from colibri_geo.core.lines import (
    LineFilter,
    Origin,
    Peaks,
    compress,
    measure_promise,
    screen_peaks,
    search_lines,
)
from colibri_geo.core.whitening import BLOCK_PX, flatten
from tests.core.painting import distance_to, draw_box, turn_between

BANK = LineFilter(length_px=24)
STEP_DEG = 8.0
SIDE = 200
AZIMUTHS = [0.0, 3.7, 15.0, 41.2, 45.0, 48.9, 66.6, 90.0, 93.1, 117.5, 135.0, 141.0, 165.9, 179.0]


def noisy(rng: np.random.Generator, bands: int = 2, side: int = SIDE) -> np.ndarray:
    """White noise of unit variance, (B, M, N) float32."""
    return rng.standard_normal((bands, side, side), dtype=np.float32)


def planted(rng: np.random.Generator, angle_deg: float, *, height: float = 4.0) -> tuple[np.ndarray, Line]:
    """Noise with one line 40 px long and 1.5 px wide in both bands."""
    line = Line(97.3, 104.6, angle_deg)
    box = draw_box((SIDE, SIDE), line, length_px=40, width_px=1.5)
    return noisy(rng) + height * np.array([0.8, -0.6], dtype=np.float32)[:, None, None] * box, line


def search(field: np.ndarray, valid: np.ndarray | None = None, *, threshold: float = 5.5, **options: object) -> Peaks:
    """Search with the usual bank."""
    valid = np.ones(field.shape[1:], dtype=bool) if valid is None else valid
    options.setdefault("origin", Origin(0, 0))
    return search_lines(field, valid, BANK, threshold=threshold, **options)  # type: ignore[arg-type]


def strongest(peaks: Peaks) -> int:
    """Number of the strongest peak."""
    return int(peaks.strength.argmax())


@pytest.mark.parametrize("value", [0.0, 3.5])
def test_constant_gives_nothing(value: float) -> None:
    """Null in, null out: a constant image has no lines."""
    assert len(search(np.full((2, SIDE, SIDE), value, dtype=np.float32), threshold=1e-3).row) == 0


def test_masked_image_gives_nothing(rng: np.random.Generator) -> None:
    """Where nothing is valid nothing is found, whatever the values."""
    field, _ = planted(rng, 30.0)
    assert len(search(np.zeros_like(field), np.zeros((SIDE, SIDE), dtype=bool)).row) == 0


def test_noise_alone_gives_next_to_nothing(rng: np.random.Generator) -> None:
    """White noise has hardly a line as strong as those that are planted here."""
    assert len(search(noisy(rng), threshold=10.0).row) <= 1


@pytest.mark.parametrize("angle_deg", AZIMUTHS)
def test_planted_line_is_found_at_any_azimuth(rng: np.random.Generator, angle_deg: float) -> None:
    """The strongest peak lies within a pixel of the line, and within 8 degrees of its azimuth."""
    field, line = planted(rng, angle_deg)
    peaks = search(field)
    best = strongest(peaks)
    assert distance_to(line, peaks.row[best], peaks.col[best]) <= 1
    assert turn_between(float(peaks.angle_deg[best]), angle_deg) <= STEP_DEG
    assert ((peaks.angle_deg >= 0) & (peaks.angle_deg < 180)).all()


def test_scale_does_not_matter(rng: np.random.Generator) -> None:
    """The same field in another unit has the same peaks: strengths are stated in the response's own local mean."""
    field, _ = planted(rng, 58.0)
    peaks, scaled = search(field), search(4 * field)
    assert len(peaks.row) > 10
    for name in ("row", "col", "angle_deg", "strength"):
        np.testing.assert_array_equal(getattr(peaks, name), getattr(scaled, name))


@pytest.mark.parametrize("angle_deg", [0.0, 26.0, 45.0, 90.0, 135.0, 160.0])
def test_one_line_without_noise_is_one_direction(angle_deg: float) -> None:
    """All peaks on a line alone lie on it, and none is stronger than those at its own azimuth."""
    line = Line(97.3, 104.6, angle_deg)
    peaks = search(np.ones((2, 1, 1), dtype=np.float32) * draw_box((SIDE, SIDE), line, length_px=60, width_px=2))
    top = peaks.strength > 0.8 * peaks.strength.max()
    assert all(distance_to(line, *place) <= 1 for place in zip(peaks.row[top], peaks.col[top], strict=True))
    assert all(turn_between(float(angle), angle_deg) <= STEP_DEG for angle in peaks.angle_deg[top])


@pytest.mark.parametrize("pad", [0, 1, 2, 3, 4, 5])
def test_place_in_a_step_does_not_matter(rng: np.random.Generator, pad: int) -> None:
    """Wherever the lattice of steps begins, the line is found; rows are counted in the array."""
    field, line = planted(rng, 12.0)
    peaks = search(field, origin=Origin(pad, 7 * pad))
    best = strongest(peaks)
    assert distance_to(line, peaks.row[best], peaks.col[best]) <= 1
    assert abs(peaks.row[best] - line.row) < 20


def test_dark_line_in_one_band_is_found_as_a_bright_one_in_two(rng: np.random.Generator) -> None:
    """In several bands the sign does not matter: the contrast is a vector."""
    field, line = planted(rng, 70.0)
    for sign in (1, -1):
        peaks = search(sign * field)
        assert distance_to(line, peaks.row[strongest(peaks)], peaks.col[strongest(peaks)]) <= 1


def test_single_band_finds_bright_lines_only(rng: np.random.Generator) -> None:
    """With one band a dark line is none."""
    box = draw_box((SIDE, SIDE), Line(97.3, 104.6, 70.0), length_px=40, width_px=1.5)
    noise = noisy(rng, bands=1)
    assert search(noise + 6 * box).strength.max() > 2 * search(noise - 6 * box, threshold=0.1).strength.max()


def draw_step(line: Line) -> np.ndarray:
    """1 to the right of a line, 0 to its left, (M, N) float32."""
    rows, cols = np.mgrid[:SIDE, :SIDE]
    across = (rows - line.row) * line.across[0] + (cols - line.col) * line.across[1]
    return (across > 0).astype(np.float32)


@pytest.mark.parametrize("angle_deg", [0.0, 9.5, 28.0, 45.0, 77.0, 90.0, 130.0])
@pytest.mark.parametrize("bands", [1, 2])
def test_edge_alone_gives_nothing(angle_deg: float, bands: int) -> None:
    """A step between two even sides has one flank only: away from the sides of the image it gives nothing at all."""
    line = Line(100.2, 100.4, angle_deg)
    peaks = search(np.full((bands, 1, 1), 3, dtype=np.float32) * draw_step(line), threshold=1e-3)
    away = np.minimum.reduce([peaks.row, peaks.col, SIDE - 1 - peaks.row, SIDE - 1 - peaks.col])
    assert (away < BANK.reach_px).all()


def test_edge_in_noise_gives_much_less_than_a_line(rng: np.random.Generator) -> None:
    """A step as high as a line gives less than half of its response, which noise alone gives nearly as well."""
    noise, line = noisy(rng), Line(100.2, 100.4, 28.0)
    box, step = draw_box((SIDE, SIDE), line, length_px=90, width_px=1.5), draw_step(line)
    direction = 3 * np.array([0.8, -0.6], dtype=np.float32)[:, None, None]

    def along_it(image: np.ndarray) -> float:
        peaks = search(noise + direction * image, threshold=0.5)
        near = [distance_to(line, *place) < 4 for place in zip(peaks.row, peaks.col, strict=True)]
        near &= np.abs(peaks.row - line.row) < 20
        return float(peaks.strength[near].max(initial=0.0))

    assert along_it(step) < along_it(box) / 2
    assert along_it(step) < 1.5 * along_it(np.zeros_like(step))


def test_line_is_found_beside_a_hole(rng: np.random.Generator) -> None:
    """A line is found although pixels of it and beside it are masked."""
    field, line = planted(rng, 20.0, height=5.0)
    valid = np.ones((SIDE, SIDE), dtype=bool)
    valid[:, 118:170] = False
    valid[92:96] = False
    peaks = search(field * valid, valid)
    best = strongest(peaks)
    assert distance_to(line, peaks.row[best], peaks.col[best]) <= 1


def test_edges_of_holes_are_no_lines(rng: np.random.Generator) -> None:
    """Straight holes in noise, and narrow bars between them, are not taken for lines, once the level is subtracted."""
    side = 12 * BLOCK_PX
    valid = np.ones((side, side), dtype=bool)
    valid[:, 60:100] = False
    valid[:, 108:150] = False
    valid[40:90] = False
    field = flatten((noisy(rng, side=side) + 1) * valid, valid)
    assert len(search(field, valid, threshold=10.0).row) <= 1


@pytest.mark.parametrize("angle_deg", [12.0, 101.0])
def test_window_does_not_matter(rng: np.random.Generator, angle_deg: float) -> None:
    """The same pixels cut from the whole in another window give the same peaks well inside of both."""
    field, _ = planted(rng, angle_deg)
    margin = BANK.margin_px
    whole = search(field, threshold=3.0)
    for top, left in ((13, 6), (2, 21)):
        part = search(field[:, top:, left:], threshold=3.0, origin=Origin(top, left))
        found = [inner_peaks(peaks, down, right) for peaks, down, right in ((whole, 0, 0), (part, top, left))]
        inside = [
            {place: s for place, s in peaks.items() if min(place[0] - top, place[1] - left) > margin} for peaks in found
        ]
        assert len(inside[0]) > 3
        assert inside[0].keys() == inside[1].keys()
        for place, strength in inside[0].items():
            assert strength == pytest.approx(inside[1][place], rel=1e-5)


def inner_peaks(peaks: Peaks, down: int, right: int) -> dict[tuple[float, float, float], float]:
    """Strengths by place and azimuth, away from the lower and right sides."""
    rows, cols = peaks.row + down, peaks.col + right
    inner = (SIDE - rows > BANK.margin_px) & (SIDE - cols > BANK.margin_px)
    keys = zip(rows[inner].tolist(), cols[inner].tolist(), peaks.angle_deg[inner].tolist(), strict=True)
    return dict(zip(keys, peaks.strength[inner].tolist(), strict=True))


def test_transposed_image_has_mirrored_peaks(rng: np.random.Generator) -> None:
    """Rows and columns swapped: the strongest peak is mirrored, its azimuth at 90 degrees less itself."""
    field, line = planted(rng, 25.0)
    peaks, mirrored = search(field), search(np.ascontiguousarray(field.transpose(0, 2, 1)))
    one, other = strongest(peaks), strongest(mirrored)
    assert turn_between(-90 - float(peaks.angle_deg[one]), float(mirrored.angle_deg[other])) <= STEP_DEG
    assert distance_to(line, mirrored.col[other], mirrored.row[other]) <= 1
    assert mirrored.strength[other] == pytest.approx(peaks.strength[one], rel=0.1)


def test_peaks_are_in_reading_order(rng: np.random.Generator) -> None:
    """Peaks come by row, then by column."""
    peaks = search(planted(rng, 60.0)[0], threshold=3.0)
    order = np.lexsort((peaks.col, peaks.row))
    np.testing.assert_array_equal(order, np.arange(len(order)))


def test_screen_keeps_the_line_and_drops_noise(rng: np.random.Generator) -> None:
    """The look around each peak keeps those on a line and drops most of those in noise; no peaks stay no peaks."""
    field, line = planted(rng, 33.0)
    peaks = search(field)
    kept = screen_peaks(field, peaks, BANK, least_promise=-3.7)
    on_it = [distance_to(line, *place) <= 1.5 for place in zip(kept.row, kept.col, strict=True)]
    assert any(on_it)
    assert len(kept.row) - sum(on_it) < 0.05 * len(peaks.row)
    none = Peaks(*(np.zeros(0),) * 3, np.zeros(0, dtype=np.float32))
    assert len(screen_peaks(field, none, BANK, least_promise=-3.7).row) == 0


def test_promise_of_a_peak_does_not_depend_on_the_others(rng: np.random.Generator) -> None:
    """It is the same to the last bit whichever peaks are looked at with it."""
    field = rng.standard_normal((4, 200, 200)).astype(np.float32)
    row, col = rng.integers(0, 200, (2, 129)).astype(np.float64)
    peaks = Peaks(row, col, rng.uniform(0, 180, 129), rng.uniform(5, 20, 129).astype(np.float32))
    together = measure_promise(field, peaks, BANK)
    np.testing.assert_array_equal(measure_promise(field, peaks.pick(slice(127, 129)), BANK), together[127:])


def test_compression_keeps_directions_and_small_values(rng: np.random.Generator) -> None:
    """Short vectors stay, long ones are shortened, none is turned, and longer stays longer."""
    field = noisy(rng, side=40) * np.geomspace(0.01, 30, 40).astype(np.float32)
    small = compress(field)
    before, after = (np.linalg.norm(values, axis=0) for values in (field, small))
    np.testing.assert_allclose(after, np.arcsinh(2 * before) / 2, rtol=1e-4)
    np.testing.assert_allclose(small * before, field * after, rtol=1e-3, atol=1e-4)
