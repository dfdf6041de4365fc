"""How many of the strips planted in a pair on disk a table has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from pyproj import Transformer

from colibri_geo.bench.matching import APPEARED, judge
from colibri_geo.bench.truth import Truth
from colibri_geo.sim import TruthStrip


@dataclass(frozen=True)
class Found:
    """What was found of what is there.

    Attributes
    ----------
    called_new : int
        Strips said to be new.
    hits : int
        New strips found.
    there : int
        New strips of which enough was observed.
    """

    called_new: int
    hits: int
    there: int


def count_found(table: gpd.GeoDataFrame, truth: Path) -> Found:
    """Count what was found of the strips that were planted.

    Parameters
    ----------
    table : GeoDataFrame
        With ``verdict``.
    truth : Path
        GeoJSON of the simulator.

    Returns
    -------
    Found
    """
    true = read_truth(truth, str(table.crs))
    judged = judge(table, true)
    return Found(
        called_new=int(judged["verdict"].isin(APPEARED).sum()),
        hits=int((judged["kind"] == "hit").sum()),
        there=sum(strip.verdict == "new" for strip in true.strips),
    )


def read_truth(path: Path, crs: str) -> Truth:
    """Read the strips that were planted, as `colibri_geo.sim` writes them.

    Parameters
    ----------
    path : Path
        Of GeoJSON.
    crs : str
        Metre system to bring them to.

    Returns
    -------
    Truth
    """
    features = json.loads(path.read_text(encoding="utf-8"))["features"]
    to_map = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
    return Truth(crs, tuple(_read_strip(feature, to_map) for feature in features))


def _read_strip(feature: Any, to_map: Transformer) -> TruthStrip:  # noqa: ANN401 - JSON
    said = feature["properties"]
    end1, end2 = (to_map.transform(*place) for place in feature["geometry"]["coordinates"])
    return TruthStrip(
        strip_id=said["strip_id"],
        kind=said["kind"],
        end1=end1,
        end2=end2,
        length_m=said["length_m"],
        width_m=said["width_m"],
        grid_azimuth_deg=float(np.degrees(np.arctan2(end2[0] - end1[0], end2[1] - end1[1])) % 180.0),
        surface=said["surface"],
        contrast=said["contrast"],
        observed_share=said["observed_share"],
    )
