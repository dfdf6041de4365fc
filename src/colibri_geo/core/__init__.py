"""Array kernels: NumPy, SciPy and scikit-image, some in C beside; no files, no clock, no network."""

from __future__ import annotations
