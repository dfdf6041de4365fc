"""Scenes from arrays: for notebooks, simulations and tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.core.windows import Window
from colibri_geo.errors import BandError, InputError
from colibri_geo.scenes.bands import COMMON_NAMES
from colibri_geo.scenes.masks import Unseen, decode_scl
from colibri_geo.scenes.scaling import QUANTITIES, SURFACE
from colibri_geo.scenes.scene import Block, CodeArray, FloatArray, Provenance, Scene, frame_pixels, outside_block


@dataclass(frozen=True)
class MemorySource:
    """Reads windows of arrays.

    Attributes
    ----------
    values : (B, M, N) ndarray of float32
    unseen : (M, N) ndarray of uint8, `Unseen` codes
    """

    values: FloatArray
    unseen: CodeArray

    def read(self, window: Window, positions: Sequence[int]) -> Block:
        """Read the bands at `positions`; see `colibri_geo.scenes.scene.Source`."""
        inside = window.clipped(*self.unseen.shape)
        if inside.empty:
            return outside_block(len(positions), window)
        values = self.values[:, *inside.slices][list(positions)]
        return frame_pixels(values, self.unseen[inside.slices].copy(), at=inside, window=window)


def scene_from_arrays(
    values: FloatArray,
    grid: GeoBox,
    *,
    bands: Sequence[str],
    acquired: datetime,
    scl: CodeArray | None = None,
    quantity: str = SURFACE,
    name: str = "array",
    synthetic: bool = False,
) -> Scene:
    """Make a scene of arrays that are in memory.

    Parameters
    ----------
    values : (B, M, N) ndarray of float32, in `quantity`
        A pixel that is not finite in any band was not measured.
    grid : GeoBox
        (M, N) pixels.
    bands : sequence of str
        Common names, one a band, in the order blue green red nir swir16 swir22 vv vh.
    acquired : datetime
        With a time zone.
    scl : (M, N) ndarray of uint8, optional
        Sentinel-2 scene classification codes.
    quantity : str
    name : str
    synthetic : bool

    Returns
    -------
    Scene

    Raises
    ------
    BandError
        For unknown or misordered bands.
    InputError
        Where shapes, time zone or quantity do not fit.
    """
    _check_arrays(values, grid, bands=bands, scl=scl, name=name)
    if acquired.tzinfo is None or quantity not in QUANTITIES:
        raise InputError(
            f"{name}: acquired {acquired!r}, quantity {quantity!r}; expected a time with a zone, such as "
            f"datetime(2024, 3, 1, tzinfo=UTC), and one of {', '.join(QUANTITIES)}"
        )
    measured = np.isfinite(values).all(axis=0)
    unseen = np.where(measured, np.uint8(Unseen.OBSERVED), np.uint8(Unseen.NODATA))
    if scl is not None:
        unseen = np.maximum(unseen, decode_scl(scl, source=name))
    clean = np.where(unseen < Unseen.NODATA.value, values, 0).astype(np.float32)
    when = acquired.astimezone(UTC)
    identity = f"{tuple(bands)} {quantity} {when.isoformat()} {grid.crs} {grid.affine[:6]} {clean.shape}"
    provenance = Provenance(
        path=Path(name),
        sha256=hashlib.sha256(identity.encode() + clean.tobytes() + unseen.tobytes()).hexdigest(),
        size_bytes=clean.nbytes,
        scaling="given as array",
        mask="none" if scl is None else "given as array, Sentinel-2 SCL",
        synthetic=synthetic,
    )
    return Scene(grid, tuple(bands), quantity, None, when, provenance, MemorySource(clean, unseen))


def _check_arrays(values: FloatArray, grid: GeoBox, *, bands: Sequence[str], scl: CodeArray | None, name: str) -> None:
    if values.shape[1:] != tuple(grid.shape) or (scl is not None and scl.shape != values.shape[1:]):
        raise InputError(
            f"{name}: array of {values.shape}{'' if scl is None else f', mask of {scl.shape}'}, grid of "
            f"{tuple(grid.shape)}; expected (bands, rows, columns) with the rows and columns of the grid"
        )
    if list(bands) != [band for band in COMMON_NAMES if band in bands] or len(bands) != len(values):
        raise BandError(
            f"{name}: {len(values)} bands named {', '.join(bands)}; expected one name a band, "
            f"in the order {', '.join(COMMON_NAMES)}"
        )
