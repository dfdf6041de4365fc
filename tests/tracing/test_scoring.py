"""Probability, counter-hypothesis and reasons: from the columns of the table alone."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString

from colibri_geo.language import CONFUSERS
from colibri_geo.settings import ScoreSettings
from colibri_geo.tracing.scoring import describe_basis, load_shape_model, measure_shape, score
from colibri_geo.tracing.table import find_seen_share, format_designator

BETTER = {
    "snr": 1,
    "straightness_m": -1,
    "evenness": 1,
    "flank_ratio": 1,
    "beyond_end1": -1,
    "beyond_end2": -1,
    "lobe": -1,
    "resumes": -1,
    "hidden_ends": -1,
    "joined": -1,
}
"""Columns, and the direction in which they speak for a strip."""
RANGES = {
    "snr": (2.0, 60.0),
    "straightness_m": (0.5, 20.0),
    "evenness": (0.2, 1.0),
    "flank_ratio": (-0.2, 1.0),
    "beyond_end1": (0.0, 1.2),
    "beyond_end2": (0.0, 1.0),
    "lobe": (0.0, 1.5),
    "resumes": (0.0, 1.5),
    "hidden_ends": (0.0, 2.0),
    "joined": (0.0, 2.0),
    "width_m": (10.0, 60.0),
}
SIGNS = {
    "strength": 1,
    "straying": -1,
    "evenness": 1,
    "flanks": 1,
    "goes_on": -1,
    "goes_on_both": -1,
    "resumes": -1,
    "hidden": -1,
    "joined": -1,
    "coarseness": -1,
    "twin": -1,
    "breadth": -1,
    "narrowness": -1,
    "overlong": -1,
}


def table_of(count: int = 1, **columns: object) -> gpd.GeoDataFrame:
    """Rows as `trace` writes them: sound strips, but for `columns`."""
    values: dict[str, object] = {
        "verdict": "new",
        "length_m": 700.0,
        "width_m": 22.0,
        "snr": 25.0,
        "straightness_m": 2.0,
        "evenness": 1.0,
        "flank_ratio": 0.9,
        "beyond_end1": 0.05,
        "beyond_end2": 0.02,
        "lobe": 0.05,
        "resumes": 0.05,
        "hidden_ends": 0.0,
        "hidden_end1": "",
        "hidden_end2": "",
        "joined": 0.05,
        "grain": 0.1,
        "observed_share": 1.0,
        "contrast_before": 0.1,
        "contrast_after": 5.0,
        "contrast_noise": 0.2,
        "pixel_m": 10.0,
        **columns,
    }
    index = pd.Index([f"S{number:03d}" for number in range(1, count + 1)], name="strip_id", dtype="str")
    axes = [LineString([(0, 100 * number), (700, 100 * number)]) for number in range(count)]
    return gpd.GeoDataFrame(values, index=index, geometry=axes, crs="EPSG:32618")


ALL = ScoreSettings(report_probability=0.0, watch_probability=0.0)


@pytest.mark.parametrize("column", sorted(BETTER))
def test_better_never_lowers_the_probability(column: str) -> None:
    """As a measure gets better, all else equal, the probability never falls."""
    values = np.linspace(*RANGES[column], 40)[:: BETTER[column]]
    probability = score(table_of(40, **{column: values}), ALL)["probability"].to_numpy()
    assert (np.diff(probability) >= -1e-12).all()
    assert ((probability >= 0) & (probability <= 1)).all()


def test_wider_than_a_runway_never_raises_the_probability() -> None:
    """Beyond 30 m of width the probability does not rise; below, down to 9 m, width does not count."""
    narrow = score(table_of(5, width_m=np.linspace(9, 30, 5)), ALL)["probability"]
    assert (np.diff(score(table_of(5, width_m=np.linspace(3, 9, 5)), ALL)["probability"]) >= 0).all()
    wide = score(table_of(9, width_m=np.linspace(30, 60, 9)), ALL)["probability"]
    assert narrow.nunique() == 1
    assert (np.diff(wide) <= 0).all()


def test_model_keeps_the_signs_of_physics() -> None:
    """Each curve runs in the direction that physics asks for, whatever it was fitted on; all measures have one."""
    model = load_shape_model()
    assert model.curves.keys() == SIGNS.keys() == model.typical.keys()
    assert set(measure_shape(table_of()).columns) == SIGNS.keys()
    for name, curve in model.curves.items():
        assert (np.diff(curve.at) > 0).all(), name
        assert (np.diff(curve.log_odds) * SIGNS[name] >= 0).all(), name
        assert curve.log_odds[0] != curve.log_odds[-1], name


def test_good_strip_is_likelier_than_each_look_alike() -> None:
    """A sound strip is reported; a road, an edge, a shifted line and a bend are less likely than it."""
    sound = score(table_of(), ALL)["probability"].item()
    assert sound >= ScoreSettings().report_probability
    alike = [
        {"beyond_end1": 0.9, "beyond_end2": 0.8},
        {"flank_ratio": 0.05},
        {"lobe": 1.0},
        {"straightness_m": 15.0},
        {"evenness": 0.5},
        {"snr": 3.0},
        {"resumes": 1.0},
        {"joined": 1.5},
        {"grain": 0.8},
        {"length_m": 3600.0},
        {"width_m": 58.0},
    ]
    for columns in alike:
        assert score(table_of(**columns), ALL)["probability"].item() < sound


def test_new_is_surer_the_less_was_seen_before() -> None:
    """The fainter the strip was before, the likelier it is new; an old strip the other way round."""
    seen_share = find_seen_share(5.0, 0.2)
    contrast = np.linspace(0, seen_share * 5 - 0.01, 20)
    new = score(table_of(20, contrast_before=contrast), ALL)["probability"]
    assert (np.diff(new) <= 1e-12).all()
    old = score(table_of(20, contrast_before=np.linspace(seen_share * 5, 5, 20), verdict="unchanged"), ALL)
    assert (np.diff(old["probability"]) >= -1e-12).all()


def test_watch_keeps_all_that_report_keeps(rng: np.random.Generator) -> None:
    """The operating point watch gives every strip of report, with the same numbers, and more."""
    columns = {name: rng.uniform(*limits, 2000) for name, limits in RANGES.items()}
    table = table_of(2000, **{**columns, "beyond_end1": 0.1, "beyond_end2": 0.1, "joined": 0.0, "hidden_ends": 0.0})
    report = score(table, ScoreSettings(operating_point="report"))
    watch = score(table, ScoreSettings(operating_point="watch"))
    assert set(report.index) < set(watch.index)
    pd.testing.assert_frame_equal(watch.loc[report.index], report)
    assert (report["probability"] >= ScoreSettings().report_probability).all()
    assert (watch["probability"] >= ScoreSettings().watch_probability).all()


def test_rarer_strips_are_less_likely() -> None:
    """A lower density of strips lowers every probability, in the order of the rows."""
    table = table_of(10, snr=np.linspace(2, 40, 10))
    usual = score(table, ALL)["probability"]
    rare = score(table, ScoreSettings(report_probability=0.0, watch_probability=0.0, strips_per_1000_km2=1.0))[
        "probability"
    ]
    assert (rare < usual).all()
    np.testing.assert_array_equal(np.argsort(rare), np.argsort(usual))


def test_rows_are_scored_one_by_one(rng: np.random.Generator) -> None:
    """A row has the same score alone as among others; nothing given is changed."""
    columns = {name: rng.uniform(*limits, 30) for name, limits in RANGES.items()}
    table = table_of(30, **columns)
    kept = table.copy()
    whole = score(table, ALL)
    pd.testing.assert_frame_equal(table, kept)
    for label in table.index[::7]:
        pd.testing.assert_frame_equal(score(table.loc[[label]], ALL), whole.loc[[label]])


@pytest.mark.parametrize(
    ("columns", "confuser"),
    [
        ({}, "none"),
        ({"beyond_end1": 0.9}, "road"),
        ({"beyond_end1": 0.6, "beyond_end2": 0.9, "length_m": 3000.0}, "power_line"),
        ({"width_m": 60.0}, "field_edge"),
    ],
)
def test_strongest_counter_hypothesis_is_named(columns: dict[str, float], confuser: str) -> None:
    """What speaks loudest against a strip names its look-alike; where nothing does, none."""
    named = score(table_of(**columns), ALL)["confuser"].item()
    assert named in CONFUSERS
    if confuser == "power_line":
        assert named in {"power_line", "road"}
    else:
        assert named == confuser


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"verdict": "new"}, "on the after image, with 2% of its contrast on the before image"),
        (
            {"verdict": "regrowing", "contrast_before": 5.0, "contrast_after": 0.5},
            "on the before image, with 10% of its contrast on the after image",
        ),
        ({"verdict": "unchanged", "contrast_before": 5.0}, "on both images"),
        ({"verdict": "not_observed", "observed_share": 0.3}, "of which the other shows too little to compare"),
    ],
)
def test_reasons_say_why_and_what_would_make_it_false(columns: dict[str, object], words: str) -> None:
    """Reasons are plain text: the basis of the verdict, measured values, and what would make it false."""
    reasons = score(table_of(**columns), ALL)["reasons"].item()
    assert words in reasons
    assert "contrast 25 times the scatter" in reasons
    assert "would be false if" in reasons.split("; ")[-1]
    assert "nan" not in reasons
    assert "\n" not in reasons
    assert not {"illicit", "illegal", "clandestine"} & set(reasons.lower().split())
    assert ("30% of the axis was observed" in reasons) == (columns["verdict"] == "not_observed")


def test_empty_table_stays_empty() -> None:
    """No rows in, no rows out, with the columns of the score."""
    scored = score(table_of().iloc[:0])
    assert len(scored) == 0
    assert {"probability", "confuser", "reasons"} <= set(scored.columns)
    assert scored["probability"].dtype == np.float64


def test_basis_names_the_training_and_the_density() -> None:
    """The basis says what it was fitted on and for which density."""
    basis = describe_basis(ScoreSettings(strips_per_1000_km2=12.5))
    assert load_shape_model().record in basis
    assert "12.5 strips in 1,000 km2" in basis
    assert "simulated" in basis


@pytest.mark.parametrize("azimuth_deg", np.arange(0, 180, 0.7))
def test_designator_is_the_nearest_ten(azimuth_deg: float) -> None:
    """Both runway numbers lie within 5 degrees of the axis, are two digits each and 18 apart."""
    low, high = (int(part) for part in format_designator(float(azimuth_deg)).rstrip("T").split("/"))
    assert 1 <= low <= 18
    assert high == low + 18
    assert abs((10 * low - azimuth_deg + 90) % 180 - 90) <= 5.001
