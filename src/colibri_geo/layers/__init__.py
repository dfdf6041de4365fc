"""Context: regions and borders, how much of each region was observed, aerodromes and whatever else lies around."""

from __future__ import annotations

from colibri_geo.layers.aerodromes import Aerodromes, match_aerodromes, read_aerodromes
from colibri_geo.layers.aoi import Aoi, check_aoi, mask_outside_aoi, read_aoi
from colibri_geo.layers.attachment import Attached, attach
from colibri_geo.layers.columns import LEVELS
from colibri_geo.layers.context import Context, ContextLayer, Placed, place_in_context, read_context
from colibri_geo.layers.findings import Findings
from colibri_geo.layers.geoboundaries import fetch_regions
from colibri_geo.layers.inspecting import LayerInspection, inspect_layer, recognise_layer
from colibri_geo.layers.observed import VERDICTS, PixelCounts, count_pixels, no_pixels, observed_table
from colibri_geo.layers.reading import Layer, read_regions
from colibri_geo.layers.regions import Regions, clip_regions, no_regions, region_map
from colibri_geo.layers.sources import LayerSource
from colibri_geo.layers.unseen import choose_square, draw_squares, gather_squares

__all__ = [
    "LEVELS",
    "VERDICTS",
    "Aerodromes",
    "Aoi",
    "Attached",
    "Context",
    "ContextLayer",
    "Findings",
    "Layer",
    "LayerInspection",
    "LayerSource",
    "PixelCounts",
    "Placed",
    "Regions",
    "attach",
    "check_aoi",
    "choose_square",
    "clip_regions",
    "count_pixels",
    "draw_squares",
    "fetch_regions",
    "gather_squares",
    "inspect_layer",
    "mask_outside_aoi",
    "match_aerodromes",
    "no_pixels",
    "no_regions",
    "observed_table",
    "place_in_context",
    "read_aerodromes",
    "read_aoi",
    "read_context",
    "read_regions",
    "recognise_layer",
    "region_map",
]
