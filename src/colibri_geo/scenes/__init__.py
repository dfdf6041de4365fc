"""Readers of imagery: one acquisition on one grid, or many of one date as one, lazily by window."""

from __future__ import annotations

from colibri_geo.scenes.gathering import open_scenes
from colibri_geo.scenes.inspecting import Inspection, inspect_scene
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.mosaic import mosaic_scenes
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.scene import Part, Provenance, Scene

__all__ = [
    "Inspection",
    "Part",
    "Provenance",
    "Scene",
    "Unseen",
    "inspect_scene",
    "mosaic_scenes",
    "open_scene",
    "open_scenes",
]
