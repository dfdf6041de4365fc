"""Synthetic scenes with planted strips and confusers, and their truth."""

from __future__ import annotations

from colibri_geo.sim.earlier import Disturbance, Earlier, make_earlier, make_painted_earlier, paint_out
from colibri_geo.sim.files import format_truth, write_pair, write_scene, write_series
from colibri_geo.sim.pairs import SimulatedPair, TruthStrip, simulate_pair
from colibri_geo.sim.placing import Mix, draw_length, random_spec
from colibri_geo.sim.planting import PlantedPair, plant_pair
from colibri_geo.sim.samples import sample_files, write_samples
from colibri_geo.sim.series import SimulatedSeries, TruthLife, random_series_spec, simulate_series
from colibri_geo.sim.spec import Cloud, Confuser, Feature, Look, Paint, SceneSpec, Strip

__all__ = [
    "Cloud",
    "Confuser",
    "Disturbance",
    "Earlier",
    "Feature",
    "Look",
    "Mix",
    "Paint",
    "PlantedPair",
    "SceneSpec",
    "SimulatedPair",
    "SimulatedSeries",
    "Strip",
    "TruthLife",
    "TruthStrip",
    "draw_length",
    "format_truth",
    "make_earlier",
    "make_painted_earlier",
    "paint_out",
    "plant_pair",
    "random_series_spec",
    "random_spec",
    "sample_files",
    "simulate_pair",
    "simulate_series",
    "write_pair",
    "write_samples",
    "write_scene",
    "write_series",
]
