"""The command line decodes images in child processes, which are hardened as it is itself."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from colibri_geo.hardening import SILENCE
from colibri_geo.isolation import isolated

DECODER = "colibri_geo.scenes.decoding"
"""What a child that decodes images has to import."""


def is_loud() -> bool:
    """Tell whether the remarks of GDAL and of its like are kept, as for ``--debug``."""
    return not SILENCE.items() <= os.environ.items()


@contextmanager
def reading_children(*, at_once: bool = True) -> Iterator[None]:
    """Decode images in child processes, which have this environment, until the block ends.

    The first starts at once, while this process does other things, or else when an image is decoded.
    """
    with isolated(os.environ, warm=DECODER if at_once else "", loud=is_loud()):
        import_grids_alone()
        yield


def import_grids_alone() -> None:
    """Import odc-geo without Dask, which it would import to ask which arrays are Dask's: a tenth of a short command.

    None of this package's are; a scheduler's client imports Dask when it is asked for.
    """
    if "dask" in sys.modules:
        return
    sys.modules["dask"] = None  # type: ignore[assignment]  # "as if it were not there", in the words of the import system
    try:
        importlib.import_module("odc.geo.geobox")
    finally:
        del sys.modules["dask"]
