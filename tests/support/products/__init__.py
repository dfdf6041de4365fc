"""Makers of small products in the true layout of each archive, all from one simulated ground."""

from __future__ import annotations
