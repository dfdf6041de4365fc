"""Readers of imagery: one acquisition on one grid, lazily by window."""

from __future__ import annotations

from colibri_geo.scenes.inspecting import Inspection, inspect_scene
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.scene import Provenance, Scene

__all__ = ["Inspection", "Provenance", "Scene", "Unseen", "inspect_scene", "open_scene"]
