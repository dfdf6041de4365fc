"""What GDAL says of a file becomes an error of the project, wherever in the reading it says so."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from colibri_geo.errors import CorruptInput
from colibri_geo.scenes import inspect_scene
from tests.scenes.images import made_pixels, write_image


def test_mask_with_an_empty_directory_is_refused(tmp_path: Path) -> None:
    """GDAL meets the damage only when it is asked for the colours of the bands, and that is one line too."""
    hidden = np.where(np.arange(48) < 9, 0, 255).astype(np.uint8)[None].repeat(40, axis=0)
    tiles = {"tiled": True, "blockxsize": 16, "blockysize": 16}
    path = write_image(tmp_path / "a.tif", made_pixels(4, 40, 48), mask=hidden, **tiles)
    content = bytearray(path.read_bytes())
    first = struct.unpack_from("<I", content, 4)[0]
    entries = struct.unpack_from("<H", content, first)[0]
    second = struct.unpack_from("<I", content, first + 2 + 12 * entries)[0]
    kept, entries = 7, struct.unpack_from("<H", content, second)[0]
    start, stop = second + 2 + 12 * kept, second + 2 + 12 * entries
    content[start:stop] = bytes(stop - start)
    path.write_bytes(content)
    with pytest.raises(CorruptInput, match=r"a\.tif: GDAL cannot read it"):
        inspect_scene(path)
