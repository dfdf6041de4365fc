"""Pairs wider than memory."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import rasterio

from colibri_geo.errors import OutputExists, SettingsError
from colibri_geo.sim import Cloud, Confuser, Feature, Look, Mix, Paint, SceneSpec, Strip, random_spec, simulate_pair
from colibri_geo.sim.files import to_stored
from colibri_geo.sim.shapes import Area, Bar, Ribbon
from colibri_geo.sim.wide import (
    FADE_PX,
    SWATH_M,
    Lattice,
    WideSpec,
    _codes_path,
    _join_codes,
    _join_values,
    _values_path,
    cut_lattice,
    list_wide_truth,
    swath_brightness,
    widen_block,
    write_wide_pair,
)

SHIFT = (0.4, -0.3)
FEW = Mix(new=1, old=0, regrowing=0, road=0, river=0, field=1, burn=0, clearing=0, season=0)


def frame_of(rows: int, cols: int) -> SceneSpec:
    """Return what all blocks of a picture have in common; the later date is misplaced."""
    plain = SceneSpec(seed=5, rows=rows, cols=cols)
    after: Look = dataclasses.replace(plain.after, shift_east_px=SHIFT[0], shift_north_px=SHIFT[1])
    return dataclasses.replace(plain, after=after)


def small_wide(rows: int = 320, cols: int = 330, *, block_px: int = 160) -> WideSpec:
    """Plan a picture of few small blocks with a strip each."""
    lattice = cut_lattice(rows, cols, block_px=block_px)
    places = lattice.down * lattice.right
    side = lattice.clear_px
    blocks = tuple(
        random_spec(seed, rows=side, cols=side, mix=FEW, cloud_share=0.0, length_m=(376.0, 700.0))
        for seed in range(places)
    )
    return WideSpec(frame_of(rows, cols), lattice, blocks, tuple(range(places)))


def keep_blocks(folder: Path, spec: WideSpec, values: list[int], codes: list[int]) -> None:
    """Put blocks of one value and one code each where simulated ones would be."""
    size = (spec.lattice.block_rows, spec.lattice.block_cols)
    for number, (value, code) in enumerate(zip(values, codes, strict=True)):
        np.save(_values_path(folder, number), np.full((2, 4, *size), value, dtype=np.uint16))
        np.save(_codes_path(folder, number), np.full((2, *size), code, dtype=np.uint8))


@pytest.mark.parametrize("size", [(160, 160), (1000, 3000), (10_000, 10_000), (10_980, 10_980), (777, 64)])
def test_blocks_of_a_lattice_cover_the_picture(size: tuple[int, int]) -> None:
    """Blocks lie edge to edge from the first pixel to the last, none larger than what is simulated of it."""
    lattice = cut_lattice(*size, block_px=160)
    for edges, side, simulated in (
        (lattice.row_edges, size[0], lattice.block_rows),
        (lattice.col_edges, size[1], lattice.block_cols),
    ):
        assert (edges[0], edges[-1]) == (0, side)
        assert max(np.diff(edges)) + FADE_PX == simulated
        assert min(np.diff(edges)) - FADE_PX >= lattice.clear_px


def test_blocks_without_room_are_refused() -> None:
    """A picture smaller than the fading edges of a block, or blocks as small, are refused."""
    with pytest.raises(SettingsError, match="enlarge them"):
        cut_lattice(60, 60)
    with pytest.raises(SettingsError, match="enlarge them"):
        cut_lattice(600, 600, block_px=50)


def test_joined_blocks_of_one_value_have_that_value(tmp_path: Path) -> None:
    """The shares of all blocks add up to one in every pixel of both dates."""
    spec = small_wide()
    keep_blocks(tmp_path, spec, [4321] * 4, [4] * 4)
    for date in (0, 1):
        joined = _join_values(spec, tmp_path, date, range(320))
        assert joined.shape == (4, 320, 330)
        assert (joined == 4321).all()


def test_both_dates_fade_at_the_same_ground(tmp_path: Path) -> None:
    """Where blocks meet, the later date is the earlier one misplaced by its shift: no seam of change."""
    spec = small_wide()
    keep_blocks(tmp_path, spec, [1000, 3000, 2000, 8000], [4] * 4)
    before, after = (_join_values(spec, tmp_path, date, range(320))[0].astype(float) for date in (0, 1))
    assert before[0, 0] == 1000
    assert before[-1, -1] == 8000
    place = np.arange(330.0)
    moved = np.interp(place - SHIFT[0], place, before[40])
    np.testing.assert_allclose(after[40, 1:-1], moved[1:-1], atol=3)
    place = np.arange(320.0)
    moved = np.interp(place + SHIFT[1], place, before[:, 40])
    np.testing.assert_allclose(after[1:-1, 40], moved[1:-1], atol=3)
    assert np.abs(np.diff(before[40])).max() < 2000 / FADE_PX * 2


def test_rows_are_joined_alike_however_they_are_cut(tmp_path: Path) -> None:
    """Rows written in spans are those of the whole."""
    spec = dataclasses.replace(small_wide(), swaths=(1.0, 1.03))
    keep_blocks(tmp_path, spec, [1000, 3000, 2000, 8000], [4, 8, 5, 6])
    for join in (_join_values, _join_codes):
        whole = join(spec, tmp_path, 1, range(320))
        parts = [join(spec, tmp_path, 1, range(first, min(first + 77, 320))) for first in range(0, 320, 77)]
        np.testing.assert_array_equal(whole, np.concatenate(parts, axis=-2))


def test_what_is_not_seen_in_any_block_is_not_seen(tmp_path: Path) -> None:
    """A cloud at the edge of its block is in the mask wherever a trace of the block shows."""
    spec = small_wide()
    keep_blocks(tmp_path, spec, [1000] * 4, [8, 4, 5, 6])
    codes = _join_codes(spec, tmp_path, 0, range(320))
    edge = spec.lattice.col_edges[1]
    assert (codes[40, : edge + FADE_PX // 2 - 3] == 8).all()
    assert (codes[40, edge + FADE_PX // 2 :] == 4).all()
    assert codes[-1, 0] == 5
    assert codes[-1, -1] == 6


def test_detectors_differ_by_steps_along_the_track() -> None:
    """From swath to swath the brightness steps, further west the further south; one swath changes nothing."""
    frame = SceneSpec(seed=1, rows=3000, cols=6000)
    spec = WideSpec(frame, Lattice(3000, 6000, 1, 1), (), (0,), swaths=(1.0, 1.03))
    factor = swath_brightness(spec, range(3000))
    assert set(np.unique(factor.round(4))) >= {np.float32(1.0), np.float32(1.03)}
    assert factor.min() >= 0.9999
    assert factor.max() <= 1.0301
    edges = [np.flatnonzero(np.abs(np.diff(row - 1.015 > 0))) for row in factor]
    assert all(np.abs(np.diff(row) - SWATH_M / frame.pixel_m).max() <= 1 for row in edges if len(row) > 1)
    assert edges[400][0] < edges[100][0] < edges[0][0]
    np.testing.assert_array_equal(swath_brightness(spec, range(500, 600)), factor[500:600])
    assert (swath_brightness(dataclasses.replace(spec, swaths=(1.0,)), range(3000)) == 1).all()


def test_everything_in_a_block_moves_with_it() -> None:
    """Strips with all that belongs to them, confusers of every shape and clouds keep their place in the block."""
    lattice = cut_lattice(160, 160)
    side = lattice.clear_px
    line = ((10.0, 20.0), (500.0, 700.0))
    paints = (None, Paint("mud"))
    block = SceneSpec(
        seed=3,
        rows=side,
        cols=side,
        strips=(Strip(*line, 20.0, apron=(*line, (30.0, 40.0)), track=line),),
        confusers=(
            Confuser("road", (Feature(Ribbon(line, 5.0), paints), Feature(Bar(*line, 4.0), paints))),
            Confuser("field", (Feature(Area((*line, (50.0, 10.0))), paints),)),
        ),
        clouds=(Cloud((100.0, 100.0), 80.0, 0),),
    )
    wide = widen_block(block, frame_of(160, 160), lattice)
    moved = ((10.0 + FADE_PX * 10, 20.0 + FADE_PX * 10), (500.0 + FADE_PX * 10, 700.0 + FADE_PX * 10))
    (strip,) = wide.strips
    assert (strip.end1, strip.end2) == strip.apron[:2] == strip.track == moved
    shapes = [feature.shape for confuser in wide.confusers for feature in confuser.features]
    assert all(shape.points[:2] == moved for shape in shapes)
    assert wide.clouds[0].center == (100.0 + FADE_PX * 10, 100.0 + FADE_PX * 10)
    assert (wide.rows, wide.after) == (lattice.block_rows, frame_of(160, 160).after)


def test_single_block_is_what_is_simulated_of_it(tmp_path: Path) -> None:
    """A picture of one block holds the pixels of that block."""
    spec = small_wide(128, 140)
    write_wide_pair(spec, tmp_path, "one")
    pair = simulate_pair(widen_block(spec.blocks[0], spec.frame, spec.lattice))
    inside = slice(FADE_PX // 2, -FADE_PX // 2)
    for date, values, scl in (("before", pair.before, pair.before_scl), ("after", pair.after, pair.after_scl)):
        with (
            rasterio.open(tmp_path / f"one_{date}.tif") as image,
            rasterio.open(tmp_path / f"one_{date}_scl.tif") as mask,
        ):
            np.testing.assert_array_equal(image.read(), to_stored(values)[:, inside, inside])
            np.testing.assert_array_equal(mask.read(1), scl[inside, inside])
            assert image.descriptions == spec.frame.bands
            assert image.tags()["SYNTHETIC"] == "yes"


def test_truth_lies_where_the_strips_are(tmp_path: Path) -> None:
    """Along each strip of the truth the later image has become brighter in red, more than beside it."""
    spec = small_wide()
    write_wide_pair(spec, tmp_path, "wide")
    with rasterio.open(tmp_path / "wide_before.tif") as before, rasterio.open(tmp_path / "wide_after.tif") as after:
        change = after.read(3).astype(float) - before.read(3)
    truths = [simulate_pair(widen_block(block, spec.frame, spec.lattice)).truth for block in spec.blocks]
    strips = list_wide_truth(spec, truths)
    assert len({strip.strip_id for strip in strips}) == len(strips) == 4
    for strip in strips:
        place = np.linspace(0.1, 0.9, 30)[:, None]
        points = np.array(strip.end1) + place * np.subtract(strip.end2, strip.end1)
        side = np.array([1, -1]) * np.subtract(strip.end2, strip.end1)[::-1] / strip.length_m
        on, beside = (
            float(np.median(change[_pixels(points + away * side, spec.frame)])) for away in (0.0, 4 * strip.width_m)
        )
        assert on - beside > 60
    features = json.loads((tmp_path / "wide_truth.geojson").read_text())["features"]
    assert [feature["id"] for feature in features] == [strip.strip_id for strip in strips]


def _pixels(points: np.ndarray, frame: SceneSpec) -> tuple[np.ndarray, np.ndarray]:
    cols = np.floor((points[:, 0] - frame.left_m) / frame.pixel_m).astype(int)
    rows = np.floor(frame.rows - (points[:, 1] - frame.bottom_m) / frame.pixel_m).astype(int)
    return rows, cols


@pytest.mark.slow
def test_bytes_do_not_depend_on_workers(tmp_path: Path) -> None:
    """One process and two write the same bytes; files that are there are kept unless told otherwise."""
    spec = small_wide()
    first = write_wide_pair(spec, tmp_path / "a", "wide")
    told: list[str] = []
    second = write_wide_pair(spec, tmp_path / "b", "wide", workers=2, progress=told.append)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert "simulated 4 of 4 blocks" in told
    assert {path.name for path in (tmp_path / "b").iterdir()} == {path.name for path in second}
    with pytest.raises(OutputExists):
        write_wide_pair(spec, tmp_path / "a", "wide")


@pytest.mark.parametrize(
    "wrong",
    [
        {"order": (0, 1, 2)},
        {"order": (0, 1, 2, 4)},
        {"frame": frame_of(300, 330)},
        {"frame": dataclasses.replace(frame_of(320, 330), bands=("red", "green"))},
        {
            "frame": dataclasses.replace(
                frame_of(320, 330), after=dataclasses.replace(Look(frame_of(64, 64).after.acquired), shift_east_px=1.5)
            )
        },
        {"blocks": (SceneSpec(seed=1, rows=64, cols=64),) * 4},
    ],
)
def test_specs_that_do_not_fit_are_refused(wrong: dict[str, object], tmp_path: Path) -> None:
    """Places without a block, blocks of another size or bands, and shifts beyond the fading's room are refused."""
    spec = dataclasses.replace(small_wide(), **wrong)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="correct"):
        write_wide_pair(spec, tmp_path, "wide")
    assert not list(tmp_path.iterdir())
