"""A sample of measured pixels, from which the meaning of a file's values is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from colibri_geo.core.windows import Window
from colibri_geo.errors import NoValidData
from colibri_geo.scenes.decoding import StoredArray
from colibri_geo.scenes.storage import Storage

WINDOW_PX = 64
SEARCHED_PX = 2**28  # beyond, a search of every pixel takes more than some seconds
_FEW, _MANY = 3, 12  # windows a side
_ENOUGH_PX = 1000
_STRIPE_PX = 2**22


def sample_stored(storage: Storage, rows: int, cols: int) -> StoredArray:
    """Read stored values of measured pixels spread over an image.

    A few windows are read; more where these hold few measured pixels, as in a scene at the edge of a swath; at last
    every pixel.

    Parameters
    ----------
    storage : Storage
    rows, cols : int
        Size of the image.

    Returns
    -------
    (B, K) ndarray of the file's dtype
        K is 1 or more.

    Raises
    ------
    NoValidData
        Where no pixel was measured: of the whole image, or, beyond `SEARCHED_PX` pixels, of 144 windows spread over it.
    """
    searched = rows * cols <= SEARCHED_PX
    sample = _collect_spread(storage, rows, cols, _FEW)
    if sample.shape[1] < _ENOUGH_PX:
        sample = _collect_spread(storage, rows, cols, _MANY)
    if sample.shape[1] < _ENOUGH_PX and searched:
        sample = _collect(storage, _cut_stripes(rows, cols), enough=_ENOUGH_PX)
    if not sample.shape[1]:
        where = "in the whole image" if searched else f"in {_MANY**2} windows spread over the image"
        raise NoValidData(
            f"{storage.file.name}: not one measured pixel {where}, expected some ground; "
            "fetch it again, or cut it to the part that shows it"
        )
    return sample


def spread_windows(rows: int, cols: int, per_side: int) -> Iterator[Window]:
    """Spread small windows evenly over an image, from edge to edge."""
    high, wide = min(WINDOW_PX, rows), min(WINDOW_PX, cols)
    for row in np.linspace(0, rows - high, per_side).astype(int):
        for col in np.linspace(0, cols - wide, per_side).astype(int):
            yield Window(int(row), int(col), high, wide)


def cover_windows(rows: int, cols: int, per_side: int) -> Iterator[Window]:
    """Spread small windows evenly over an image, or give all of it where they would cover it: no pixel twice."""
    if _are_covered(rows, cols, per_side):
        yield Window(0, 0, rows, cols)
    else:
        yield from spread_windows(rows, cols, per_side)


def _are_covered(rows: int, cols: int, per_side: int) -> bool:
    return max(rows, cols) <= per_side * WINDOW_PX


def _collect_spread(storage: Storage, rows: int, cols: int, per_side: int) -> StoredArray:
    """Read the measured pixels of windows spread over an image; an image that they cover is read once."""
    windows = spread_windows(rows, cols, per_side)
    if not _are_covered(rows, cols, per_side):
        return _collect(storage, windows)
    stored = storage.read(Window(0, 0, rows, cols), range(len(storage.indexes)))
    places = [window.slices for window in windows]
    return np.concatenate([stored.values[:, *place][:, stored.measured[place]] for place in places], axis=1)


def _collect(storage: Storage, windows: Iterable[Window], *, enough: int | None = None) -> StoredArray:
    """Read the measured pixels of windows, (B, K); stop early where `enough` says so."""
    positions = range(len(storage.indexes))
    found: list[StoredArray] = []
    for window in windows:
        stored = storage.read(window, positions)
        found.append(stored.values[:, stored.measured])
        if enough is not None and sum(piece.shape[1] for piece in found) >= enough:
            break
    return np.concatenate(found, axis=1)


def _cut_stripes(rows: int, cols: int) -> Iterator[Window]:
    high = max(_STRIPE_PX // cols, 1)
    for row in range(0, rows, high):
        yield Window(row, 0, min(high, rows - row), cols)
