"""The layouts of archives: by which names each is told, and who reads it.

The module of a layout is imported for files that may be of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from colibri_geo.scenes.bundle import Bundle

if TYPE_CHECKING:
    from colibri_geo.scenes.product import Product


class _ReadProduct(Protocol):
    def __call__(self, bundle: Bundle, *, entry: str | None = None) -> Product: ...


@dataclass(frozen=True)
class Reader:
    """What reads one layout.

    Attributes
    ----------
    recognise : callable
        Tells it from the names of a bundle.
    read : callable
    """

    recognise: Callable[[Bundle], bool]
    read: _ReadProduct


@dataclass(frozen=True)
class Layout:
    """One archive's layout.

    Attributes
    ----------
    name : str
    load : callable
        Imports its reader.
    entry : str
        Regular expression of the files that a user may name in place of their folder.
    deep : bool
        Whether the product's files lie in folders below the one of that file.
    """

    name: str
    load: Callable[[], Reader]
    entry: str
    deep: bool = False

    def recognise(self, bundle: Bundle) -> bool:
        """Tell from its names whether a bundle has this layout."""
        return self.load().recognise(bundle)

    def read(self, bundle: Bundle, *, entry: str | None = None) -> Product:
        """Read what a product says of itself."""
        return self.load().read(bundle, entry=entry)

    def is_led(self, bundle: Bundle) -> bool:
        """Whether one of those files is there: then a STAC item beside them, as archives add, is left aside."""
        return any(re.search(self.entry, PurePosixPath(name).name, re.IGNORECASE) for name in bundle.names)


def _load_sentinel1() -> Reader:
    from colibri_geo.scenes.sentinel1 import read_sentinel1, recognise

    return Reader(recognise, read_sentinel1)


def _load_sentinel2() -> Reader:
    from colibri_geo.scenes.sentinel2 import read_sentinel2, recognise

    return Reader(recognise, read_sentinel2)


def _load_landsat() -> Reader:
    from colibri_geo.scenes.landsat import read_landsat, recognise

    return Reader(recognise, read_landsat)


def _load_planetscope() -> Reader:
    from colibri_geo.scenes.planetscope import read_planetscope, recognise

    return Reader(recognise, read_planetscope)


LAYOUTS = (
    Layout("Sentinel-1 RTC", _load_sentinel1, r"(_RTC\d+_|^OPERA_L2_RTC-S1_).*_V[VH]\.tiff?$"),
    Layout("Sentinel-2 SAFE", _load_sentinel2, r"^MTD_MSIL(1C|2A)\.xml$", deep=True),
    Layout("Landsat Collection 2 Level 2", _load_landsat, r"^L[A-Z]0\d_.*_MTL\.(json|xml|txt)$"),
    Layout("PlanetScope", _load_planetscope, r"_3B_AnalyticMS.*\.(tiff?|xml)$|^\d{8}_\d{6}_.*_metadata\.json$"),
)
"""Those that are read here; the first that recognises a bundle reads it."""


def find_layout(path: Path) -> Layout | None:
    """Return the layout of which a file of that name may be given in place of its folder."""
    return next((layout for layout in LAYOUTS if re.search(layout.entry, path.name, re.IGNORECASE)), None)


def recognise_layout(bundle: Bundle) -> Layout | None:
    """Return the layout that a bundle has."""
    return next((layout for layout in LAYOUTS if layout.recognise(bundle)), None)
