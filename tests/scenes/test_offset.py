"""Whether stored values hold the Sentinel-2 offset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from colibri_geo.errors import RadiometryError
from colibri_geo.scenes.offset import ADDED, OffsetVerdict, find_baseline, judge_offset, recognise_sentinel2
from colibri_geo.sim.spectra import SURFACES

BANDS = ("blue", "green", "red", "nir", "swir16", "swir22")
RGBN = BANDS[:4]
OLD, NEW, COLLECTION_1 = "02.14", "04.00", "05.09"


def make_ground(*surfaces: str, count: int = 4000) -> np.ndarray:
    """Stored values of equal parts of some surfaces, without the offset, (6, K), with their spread and noise."""
    rng = np.random.default_rng(7)
    parts = []
    for name in surfaces:
        surface = SURFACES[name]
        shade = 1 + surface.shade * rng.standard_normal((1, count // len(surfaces)))
        values = np.array(surface.reflectance)[:, None] * shade + 0.002 * rng.standard_normal((6, shade.size))
        parts.append(np.clip(np.rint(values * 10_000), 1, None))
    return np.concatenate(parts, axis=1).astype(np.uint16)


def make_desert() -> np.ndarray:
    """Stored values of sand without a shade, water or plant in it."""
    return make_ground("sand")


def judge(sample: np.ndarray, declared: float | None, baseline: str | None = None) -> OffsetVerdict:
    """Judge all six bands."""
    return judge_offset(sample, declared=declared, baseline=baseline, bands=BANDS, source="scene")


FORESTS = [
    ("forest",),
    ("forest", "water"),
    ("pasture",),
    ("savanna",),
    ("water",),
    ("burn", "dry_grass"),
    ("laterite",),
]


@pytest.mark.parametrize("surfaces", FORESTS)
@pytest.mark.parametrize(
    ("declared", "baseline"), [(None, None), (0.0, None), (None, OLD), (0.0, OLD), (None, "99.99")]
)
def test_old_values_are_left_as_they_are(
    surfaces: tuple[str, ...], declared: float | None, baseline: str | None
) -> None:
    """Values below where the offset begins hold none, whatever the metadata know, and nothing has to be said."""
    assert judge(make_ground(*surfaces), declared, baseline) == OffsetVerdict(
        0.0, certain=True, stated=declared is not None or baseline == OLD, text="no offset to apply"
    )


@pytest.mark.parametrize("surfaces", FORESTS)
@pytest.mark.parametrize(("declared", "baseline"), [(ADDED, None), (ADDED, NEW), (None, NEW), (None, COLLECTION_1)])
def test_new_values_lose_the_offset(surfaces: tuple[str, ...], declared: float | None, baseline: str | None) -> None:
    """Values that hold the offset lose it where the offset or the baseline alone is stated."""
    verdict = judge(make_ground(*surfaces) + 1000, declared, baseline)
    assert (verdict.added, verdict.stated, verdict.note) == (ADDED, True, None)
    assert verdict.text == "offset -1000 applied"


def test_a_baseline_that_only_a_name_tells_is_doubted_where_values_fit_either() -> None:
    """A name stays when values change: the offset goes off and that is told, unless values or metadata bear it out."""
    named = {"baseline": COLLECTION_1, "bands": BANDS, "source": "scene", "by_name": True}
    doubtful = judge_offset(make_desert() + 1000, declared=None, **named)
    assert (doubtful.added, doubtful.certain) == (ADDED, False)
    assert "known only from its product id or file name (baseline 05.09)" in (doubtful.note or "")
    assert judge_offset(make_ground("forest") + 1000, declared=None, **named).note is None
    assert judge_offset(make_desert() + 1000, declared=ADDED, **named).note is None
    assert judge(make_desert() + 1000, None, COLLECTION_1).note is None


@pytest.mark.parametrize("surfaces", [("forest",), ("pasture",), ("forest", "water")])
def test_plants_and_water_bear_the_offset_out(surfaces: tuple[str, ...]) -> None:
    """What is dark anywhere lies where the offset puts it: the verdict is certain."""
    assert judge(make_ground(*surfaces) + 1000, ADDED, NEW).certain


@pytest.mark.parametrize("surfaces", FORESTS)
@pytest.mark.parametrize(("declared", "baseline"), [(ADDED, COLLECTION_1), (ADDED, None), (None, NEW)])
def test_harmonised_values_are_not_lowered_again(
    surfaces: tuple[str, ...], declared: float | None, baseline: str | None
) -> None:
    """An archive took the offset off and left the metadata: ground would turn darker than black, so it stays; told."""
    verdict = judge(make_ground(*surfaces), declared, baseline)
    assert (verdict.added, verdict.certain) == (0.0, True)
    assert verdict.text == "no offset applied: the values hold none any more"
    assert "not taken off again" in (verdict.note or "")
    assert (baseline or "") in (verdict.note or "")


def test_harmonised_and_said_so() -> None:
    """Baseline 05.09, the offset declared as 0, and values without it agree: nothing is noted."""
    verdict = judge(make_ground("forest"), 0.0, COLLECTION_1)
    assert (verdict.added, verdict.certain, verdict.note) == (0.0, True, None)


@pytest.mark.parametrize(
    ("declared", "baseline", "words"), [(0.0, None, "none"), (None, OLD, "none"), (None, None, "not tell")]
)
def test_a_wrong_or_missing_flag_leaves_doubt(declared: float | None, baseline: str | None, words: str) -> None:
    """Values hold the offset and metadata say none, or nothing: kept, marked as uncertain, and told."""
    verdict = judge(make_ground("forest", "water") + 1000, declared, baseline)
    assert (verdict.added, verdict.certain) == (0.0, False)
    assert words in (verdict.note or "")
    assert "none was taken off" in (verdict.note or "")


@pytest.mark.parametrize("sample", [make_desert(), make_desert() + 1000])
def test_the_values_of_a_desert_do_not_tell(sample: np.ndarray) -> None:
    """Where nothing is dark the metadata decide, without certainty: it may be the darker or the brighter desert."""
    assert (judge(sample, ADDED, NEW).added, judge(sample, ADDED, NEW).certain) == (ADDED, False)
    assert (judge(sample, 0.0, OLD).added, judge(sample, 0.0, OLD).certain) == (0.0, False)


def test_metadata_against_metadata_is_refused_where_values_do_not_settle_it() -> None:
    """An offset stated for a baseline that has none: refused with the way out; settled by values without it."""
    with pytest.raises(RadiometryError, match=r"scene: .*-1000.*02\.14 has no offset.*band map"):
        judge(make_desert(), ADDED, OLD)
    assert judge(make_ground("forest"), ADDED, OLD).added == 0.0


@pytest.mark.parametrize("share", [0.0, 0.01])
def test_faults_and_edges_do_not_refute_the_offset(share: float) -> None:
    """A few values far too low, as resampling leaves them along an edge, change nothing; 5 % of them do."""
    sample = make_ground("forest") + 1000
    sample[:, : round(share * sample.shape[1])] = 300
    assert judge(sample, ADDED, NEW).added == ADDED
    sample[:, : round(0.05 * sample.shape[1])] = 300
    assert judge(sample, ADDED, NEW).added == 0.0


def test_slightly_negative_reflectance_does_not_refute_the_offset() -> None:
    """Water that atmospheric correction took too much from is what the offset is there for."""
    sample = make_ground("water", "forest") + 1000
    sample[3:, : sample.shape[1] // 2] = 850
    assert judge(sample, ADDED, NEW).added == ADDED


def test_zeros_were_not_measured() -> None:
    """DN 0 is no data in its band, and neither refutes the offset nor counts as dark ground."""
    sample = make_ground("forest") + 1000
    sample[1, ::3] = 0
    assert judge(sample, ADDED, NEW) == judge(make_ground("forest") + 1000, ADDED, NEW)


@pytest.mark.parametrize("offset", [0, 1000])
def test_of_a_handful_of_pixels_only_metadata_tell(offset: int) -> None:
    """Less than a hundred pixels refute nothing."""
    sample = make_ground("forest")[:, :60] + np.uint16(offset)
    assert (judge(sample, ADDED).added, judge(sample, ADDED).certain) == (ADDED, False)
    assert (judge(sample, None).added, judge(sample, None).note) == (0.0, None)


def test_cloud_alone_is_not_taken_for_the_offset() -> None:
    """A scene full of cloud, or under uniform haze, keeps its values and is marked as uncertain."""
    cloud = np.full((6, 4000), 6000, dtype=np.uint16)
    haze = (make_ground("forest") * 0.7 + 900).astype(np.uint16)
    for sample in (cloud, haze):
        assert (judge(sample, None).added, judge(sample, None).certain) == (0.0, False)


def test_other_offsets_are_judged_by_their_own_size() -> None:
    """An offset of 500 is borne out by values that hold 500."""
    assert judge(make_ground("forest") + 500, -500.0).added == -500.0
    assert judge(make_ground("forest"), -500.0).added == 0.0


def test_real_dates_are_told_with_and_without_the_offset(real_data: Path) -> None:
    """Forest on six real dates: without the offset certain, with 1000 added taken off, and a false flag found out."""
    for path in sorted((real_data / "romania_s2").glob("*_B2B3B4B8.tif")):
        with rasterio.open(path) as dataset:
            stored = dataset.read().reshape(4, -1).astype(np.uint16)
        plain = judge_offset(stored, declared=None, baseline=None, bands=RGBN, source=path.name)
        false = judge_offset(stored, declared=ADDED, baseline="05.00", bands=RGBN, source=path.name)
        true = judge_offset(stored + 1000, declared=ADDED, baseline="05.00", bands=RGBN, source=path.name)
        silent = judge_offset(stored + 1000, declared=None, baseline=None, bands=RGBN, source=path.name)
        assert [v.added for v in (plain, false, true, silent)] == [0.0, 0.0, ADDED, 0.0]
        assert [v.certain for v in (plain, false, true, silent)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("tags", "name", "found"),
    [
        ({"BOA_ADD_OFFSET": "0"}, "a.tif", True),
        ({"PROCESSING_BASELINE": "03.01", "SENSOR": "synthetic"}, "a.tif", True),
        ({"SENSOR": "Sentinel-2B MSI"}, "a.tif", True),
        ({"SATELLITE": "S2A"}, "a.tif", True),
        ({}, "S2A_MSIL2A_20180101T143749_N0206_R096_T18NYL_20180101T180000.tif", True),
        ({"SENSOR": "Landsat 8 OLI"}, "a.tif", False),
        ({"SENSOR": "SuperDove PS2.SD"}, "a.tif", False),
        ({}, "forest_2018.tif", None),
        ({"SENSOR": " "}, "a.tif", None),
    ],
)
def test_sentinel_2_is_recognised_by_what_names_it(tags: dict[str, str], name: str, found: bool | None) -> None:
    """Offset and baseline tags, a sensor's name or a product id tell; another sensor's name tells the contrary."""
    assert recognise_sentinel2(tags, name) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("S2A_MSIL1C_20180101T143749_N0206_R096_T18NYL_20180101T180000.SAFE", "02.06"),
        ("s2c_msil2a_20250401T143749_n0511_r096_t18nyl_20250401t180000", "05.11"),
        ("after_N0400.tif", None),
        (None, None),
    ],
)
def test_the_baseline_stands_in_the_product_id(text: str | None, found: str | None) -> None:
    """N0511 in a product's name is baseline 05.11; elsewhere such letters mean nothing."""
    assert find_baseline(None, text) == found


@pytest.mark.parametrize("text", ["05.09", "N0509", "5.09", "0509", " 05.09 "])
def test_a_baseline_is_read_in_each_spelling(text: str) -> None:
    """Baselines are written with and without point, N and zero."""
    assert judge(make_ground("forest") + 1000, None, text).added == ADDED


def test_a_baseline_of_ones_own_says_nothing() -> None:
    """Processors at home write 99.99, which tells neither."""
    assert judge(make_ground("forest") + 1000, None, "99.99").stated is False
