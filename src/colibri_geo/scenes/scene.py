"""One acquisition on one grid, read lazily by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.core.windows import Window
from colibri_geo.errors import BandMismatch
from colibri_geo.scenes.dates import Acquisition
from colibri_geo.scenes.files import IMAGE_ENDINGS
from colibri_geo.scenes.georeference import describe_grid
from colibri_geo.scenes.labelling import label_block
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.offset import OffsetVerdict
from colibri_geo.scenes.sky import NOT_STATED, Sky

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
CodeArray = np.ndarray[Any, np.dtype[np.uint8]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]


_FILES = IMAGE_ENDINGS | {".zip", ".tar", ".safe"}


@dataclass(frozen=True)
class Block:
    """Pixels of one window.

    Attributes
    ----------
    values : (B, M, N) ndarray of float32, in the scene's quantity
        0 where not measured: ask `unseen`.
    unseen : (M, N) ndarray of uint8, `Unseen` codes
    """

    values: FloatArray
    unseen: CodeArray

    @property
    def valid(self) -> BoolArray:
        """Pixels that show the ground, (M, N) ndarray of bool."""
        seen: BoolArray = self.unseen == Unseen.OBSERVED.value
        return seen


def outside_block(bands: int, window: Window) -> Block:
    """Return the block of a window that lies outside of an image."""
    shape = (max(window.rows, 0), max(window.cols, 0))
    return Block(np.zeros((bands, *shape), dtype=np.float32), np.full(shape, Unseen.OUTSIDE, dtype=np.uint8))


def frame_pixels(values: FloatArray, unseen: CodeArray, *, at: Window, window: Window) -> Block:
    """Return the block of `window`, of which the image has the part `at`; the rest lies outside of the image."""
    if at == window:
        return Block(values, unseen)
    block = outside_block(len(values), window)
    place = at.relative_to(window).slices
    block.values[:, *place] = values
    block.unseen[place] = unseen
    return block


class Source(Protocol):
    """What reads the pixels of a scene; picklable, holds no open file."""

    def read(self, window: Window, positions: Sequence[int]) -> Block:
        """Read the bands at `positions` (0 is the scene's first); pixels beyond the image are `Unseen.OUTSIDE`."""
        ...


@dataclass(frozen=True)
class Provenance:
    """Where a scene comes from and what was done to its values.

    Attributes
    ----------
    path : Path
    sha256 : str
    size_bytes : int
    scaling : str
        What was applied to the stored values.
    mask : str
        Which mask tells cloud and shadow, "none" where none does.
    mask_path : Path or None
    product_id, processing_baseline, licence : str or None
    synthetic : bool
        True where the file says that it was simulated.
    layout : str
        How the archive holds it, such as ``GeoTIFF`` or ``Sentinel-2 L2A SAFE``.
    offset : OffsetVerdict or None
        What was found of the Sentinel-2 offset, None where the values cannot hold it.
    notes : tuple of str
        What a reader of the result has to know, one sentence each.
    parts : tuple of Part
        Of a mosaic the scenes that it was made of, by name; none of any other scene.
    sky : Sky
        What the archive states of sun and cloud; of a mosaic nothing, each of its parts has its own.
    day_alone : bool
        Whether of the acquisition the day alone is known, which counts from 00:00.
    """

    path: Path
    sha256: str
    size_bytes: int
    scaling: str
    mask: str = "none"
    mask_path: Path | None = None
    product_id: str | None = None
    processing_baseline: str | None = None
    licence: str | None = None
    synthetic: bool = False
    layout: str = "array"
    offset: OffsetVerdict | None = None
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    sky: Sky = NOT_STATED
    day_alone: bool = False


@dataclass(frozen=True)
class Part:
    """One scene of a mosaic without its pixels; its attributes are those of the `Scene` that it was.

    Attributes
    ----------
    name : str
    grid : GeoBox
    bands : tuple of str
        All that it has, whichever of them the mosaic has.
    quantity : str
    sensor : str or None
    acquired : datetime
        UTC.
    provenance : Provenance
    """

    name: str
    grid: GeoBox
    bands: tuple[str, ...]
    quantity: str
    sensor: str | None
    acquired: datetime
    provenance: Provenance

    @property
    def acquisition(self) -> Acquisition:
        """When it was acquired, as far as it is known."""
        return Acquisition(self.acquired, self.provenance.day_alone)


@dataclass(frozen=True, repr=False)
class Scene:
    """One acquisition on one grid, read lazily by window; picklable.

    Attributes
    ----------
    grid : GeoBox
        Shape, CRS and pixel-to-map transform.
    bands : tuple of str
        Common names, in the order blue green red nir swir16 swir22 vv vh.
    quantity : str
        ``surface reflectance``, ``toa reflectance``, ``relative`` or ``gamma0_db``.
    sensor : str or None
    acquired : datetime
        UTC; of a mosaic that of its earliest scene.
    provenance : Provenance
    source : Source
    """

    grid: GeoBox
    bands: tuple[str, ...]
    quantity: str
    sensor: str | None
    acquired: datetime
    provenance: Provenance
    source: Source

    def __repr__(self) -> str:
        return (
            f"<Scene: {self.name}, {self.acquisition}, {self.quantity}, {' '.join(self.bands)}, "
            f"{describe_grid(self.grid)}>"
        )

    @property
    def name(self) -> str:
        """File name; of a folder, or of metadata in place of the files, the product's."""
        source = self.provenance
        telling = source.path.suffix.lower() in _FILES or source.product_id is None
        return source.path.name if telling else source.product_id or ""

    @property
    def acquisition(self) -> Acquisition:
        """When it was acquired, as far as it is known; of a mosaic its earliest scene."""
        return Acquisition(self.acquired, self.provenance.day_alone)

    @property
    def last_acquisition(self) -> Acquisition:
        """When the scene of a mosaic that may be the latest was acquired: of its last day a day alone, where one is."""
        parts = (part.acquisition for part in self.provenance.parts)
        return max(parts, key=attrgetter("latest"), default=self.acquisition)

    @property
    def whole(self) -> Window:
        """The window of the whole scene."""
        return Window(0, 0, *self.grid.shape)

    def read_block(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Block:
        """Read values with the reason for each pixel that was not seen.

        Parameters
        ----------
        window : Window, optional
            The whole scene by default; may reach beyond it.
        bands : sequence of str, optional
            Common names; all by default.

        Raises
        ------
        BandMismatch
            For bands that the scene does not have.
        """
        asked = self.bands if bands is None else tuple(bands)
        missing = [band for band in asked if band not in self.bands]
        if missing:
            raise BandMismatch(
                f"{self.name}: lacks {', '.join(missing)}, has {', '.join(self.bands)}; ask for bands it has"
            )
        return self.source.read(window or self.whole, [self.bands.index(band) for band in asked])

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> tuple[FloatArray, BoolArray]:
        """Read values and validity.

        Returns
        -------
        values : (B, M, N) ndarray of float32, in the scene's quantity
        valid : (M, N) ndarray of bool
        """
        block = self.read_block(window, bands)
        return block.values, block.valid

    def to_xarray(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Any:  # noqa: ANN401 - an extra
        """Read a window as a labelled array, for what xarray and its relatives do; needs the extra ``notebook``.

        The window is read at once: of a large scene take one part after the other.

        Parameters
        ----------
        window : Window, optional
            ``colibri_geo.core.windows.Window(row, col, rows, cols)``; the whole scene by default; may reach beyond it.
        bands : sequence of str, optional
            Common names; all by default.

        Returns
        -------
        xarray.DataArray
            (band, y, x) float32 in the scene's quantity, NaN where nothing was measured. Coordinates: ``band``; ``y``
            and ``x``, centres of the pixels in the scene's CRS, which ``spatial_ref`` holds as odc-geo and rioxarray
            read it; ``time``; ``unseen`` (y, x), `Unseen` codes: clear ground is ``array.where(array.unseen == 0)``.

        Raises
        ------
        BandMismatch
            For bands that the scene does not have.
        MissingExtra
            Where xarray is not installed.
        """
        return label_block(self, self.read_block(window, bands), window or self.whole, bands or self.bands)
