"""``findings.geojson``: strips for a map portal, as RFC 7946 has it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd

from colibri_geo.evidence import RunRecord, SceneRecord
from colibri_geo.exporting.coordinates import WGS84
from colibri_geo.exporting.rows import plain_rows
from colibri_geo.exporting.wording import caution_for, storable_text

GEOJSON = "findings.geojson"
DECIMALS = 7


def write_geojson(strips: gpd.GeoDataFrame, record: RunRecord, path: Path) -> None:
    """Write the axes in longitude and latitude with all their columns, one feature a line.

    Parameters
    ----------
    strips : GeoDataFrame
        As `check_strips` accepts it.
    record : RunRecord
    path : Path

    References
    ----------
    RFC 7946, The GeoJSON Format, 2016, https://doi.org/10.17487/RFC7946
    """
    head = {
        "type": "FeatureCollection",
        "caution": caution_for(record),
        "before": _describe_scene(record.before),
        "after": _describe_scene(record.after),
    }
    members = [f"{_dump(name)}: {_dump(value)}" for name, value in head.items()]
    features = ",\n".join(_dump(feature) for feature in _features(strips))
    text = "{\n" + ",\n".join([*members, f'"features": [\n{features}\n]']) + "\n}\n"
    path.write_bytes(text.encode("utf-8"))


def _features(strips: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    axes = strips.geometry.to_crs(WGS84)
    rows = plain_rows(strips).to_dict("records")
    return [_feature(list(axis.coords), row) for axis, row in zip(axes, rows, strict=True)]


def _feature(corners: list[tuple[float, ...]], row: dict[Any, Any]) -> dict[str, Any]:
    coordinates = [[round(degrees, DECIMALS) for degrees in corner[:2]] for corner in corners]
    geometry = {"type": "LineString", "coordinates": coordinates}
    return {"type": "Feature", "id": row["strip_id"], "geometry": geometry, "properties": row}


def _describe_scene(scene: SceneRecord) -> dict[str, str]:
    return {"name": storable_text(scene.name), "acquired": scene.acquired}


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
