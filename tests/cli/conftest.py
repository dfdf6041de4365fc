"""What the tests of the command line share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import rasterio


@pytest.fixture(autouse=True)
def _same_environment() -> Iterator[None]:
    """Put the environment back: the command line hardens the readers of its own process through it.

    Within an environment of rasterio, which would otherwise take what it finds there for a setting of its caller, and
    give it to GDAL for good.
    """
    before = dict(os.environ)
    with rasterio.Env():
        yield
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
