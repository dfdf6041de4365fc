"""Pixels with their labels: an xarray array, for what others do with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from colibri_geo.core.windows import Window
from colibri_geo.extras import load_extra
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.masks import Unseen

if TYPE_CHECKING:
    from colibri_geo.scenes.scene import Block, Scene


def label_block(scene: Scene, block: Block, window: Window, bands: Sequence[str]) -> Any:  # noqa: ANN401 - of an extra
    """Put names, coordinates and the reasons of unseen pixels to a block; see `Scene.to_xarray`.

    Parameters
    ----------
    scene : Scene
        That the block was read from.
    block : Block
    window : Window
        Of the block.
    bands : sequence of str
        Of the block.

    Returns
    -------
    xarray.DataArray
        (band, y, x) float32.

    Raises
    ------
    MissingExtra
        Where xarray is not installed.

    References
    ----------
    CF Metadata Conventions 1.11, 3.5 (flags) and 5.6 (grid mappings), https://cfconventions.org.
    """
    xarray = load_extra("xarray", extra="notebook", purpose="Scene.to_xarray")
    georeferenced = load_extra("odc.geo.xr", extra="notebook", purpose="Scene.to_xarray")
    flags = {
        "long_name": "why the ground was not seen",
        "flag_values": np.array([code.value for code in Unseen], dtype=np.uint8),
        "flag_meanings": " ".join(code.reason for code in Unseen),
    }
    coords = {
        "band": list(bands),
        **georeferenced.xr_coords(cut_grid(scene.grid, window), dims=("y", "x")),
        "time": np.datetime64(scene.acquired.replace(tzinfo=None), "ns"),
        "unseen": (("y", "x"), block.unseen, flags),
    }
    about = {
        "long_name": scene.quantity,
        "sensor": scene.sensor,
        "source": scene.name,
        "sha256": scene.provenance.sha256,
        "license": scene.provenance.licence,
        "grid_mapping": "spatial_ref",
    }
    return xarray.DataArray(
        np.where(block.unseen < Unseen.NODATA.value, block.values, np.float32(np.nan)),
        coords=coords,
        dims=("band", "y", "x"),
        name="scene",
        attrs={name: value for name, value in about.items() if value is not None},
    )
