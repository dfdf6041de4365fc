"""Synthetic scenes with planted strips and confusers, and their truth."""

from __future__ import annotations

from colibri_geo.sim.files import format_truth, write_pair
from colibri_geo.sim.pairs import SimulatedPair, TruthStrip, simulate_pair
from colibri_geo.sim.placing import Mix, draw_length, random_spec
from colibri_geo.sim.samples import sample_files, write_samples
from colibri_geo.sim.spec import Cloud, Confuser, Feature, Look, Paint, SceneSpec, Strip

__all__ = [
    "Cloud",
    "Confuser",
    "Feature",
    "Look",
    "Mix",
    "Paint",
    "SceneSpec",
    "SimulatedPair",
    "Strip",
    "TruthStrip",
    "draw_length",
    "format_truth",
    "random_spec",
    "sample_files",
    "simulate_pair",
    "write_pair",
    "write_samples",
]
