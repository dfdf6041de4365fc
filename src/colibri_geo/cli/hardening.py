"""The command line decodes images in child processes, which are hardened as it is itself."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from colibri_geo.hardening import SILENCE
from colibri_geo.isolation import isolated


def is_loud() -> bool:
    """Tell whether the remarks of GDAL and of its like are kept, as for ``--debug``."""
    return not SILENCE.items() <= os.environ.items()


@contextmanager
def reading_children() -> Iterator[None]:
    """Decode images in child processes, which have this environment, until the block ends."""
    with isolated(os.environ, warm="colibri_geo.scenes.decoding", loud=is_loud()):
        yield
