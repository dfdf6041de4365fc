"""Array kernels: NumPy, SciPy and scikit-image only; no files, no clock, no network."""

from __future__ import annotations
