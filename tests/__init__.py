"""Tests of colibri_geo, laid out like ``src/colibri_geo``."""

from __future__ import annotations
