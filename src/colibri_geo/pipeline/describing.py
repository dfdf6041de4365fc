"""From live scenes and pairs to the plain records of a manifest."""

from __future__ import annotations

from dataclasses import asdict

from colibri_geo.evidence import LayerRecord, PairRecord, SceneRecord
from colibri_geo.hashing import hash_file
from colibri_geo.layers.sources import LayerSource
from colibri_geo.pairs import AlignedPair, measure_pixel
from colibri_geo.scenes.georeference import name_crs
from colibri_geo.scenes.scene import Part, Scene


def describe_scene(scene: Scene | Part) -> SceneRecord:
    """Describe a scene without its pixels and without the folder that it lies in."""
    source = scene.provenance
    return SceneRecord(
        name=scene.name,
        sha256=source.sha256,
        size_bytes=source.size_bytes,
        acquired=str(scene.acquisition),
        bands=scene.bands,
        quantity=scene.quantity,
        scaling=source.scaling,
        mask=source.mask,
        mask_sha256=None if source.mask_path is None else hash_file(source.mask_path),
        sensor=scene.sensor,
        product_id=source.product_id,
        processing_baseline=source.processing_baseline,
        licence=source.licence,
        crs=name_crs(str(scene.grid.crs)),
        rows=int(scene.grid.shape[0]),
        cols=int(scene.grid.shape[1]),
        pixel_m=round(measure_pixel(scene.grid).finer_m, 4),
        synthetic=source.synthetic,
        layout=source.layout,
        notes=source.notes,
        parts=tuple(describe_scene(part) for part in source.parts),
        sun_elevation_deg=source.sky.sun_elevation_deg,
        sun_azimuth_deg=source.sky.sun_azimuth_deg,
        product_cloud_share=source.sky.product_cloud_share,
    )


def describe_pair(pair: AlignedPair) -> PairRecord:
    """Describe what was measured between two scenes."""
    model, grid = pair.model, pair.grid
    return PairRecord(
        crs=name_crs(str(grid.crs)),
        metre_crs=name_crs(str(grid.crs)),
        transform=tuple(float(value) for value in grid.affine[:6]),
        rows=int(grid.shape[0]),
        cols=int(grid.shape[1]),
        pixel_m=round(measure_pixel(grid).finer_m, 4),
        bands=model.bands,
        quantity=model.quantity,
        shift_east_m=model.shift_east_m,
        shift_north_m=model.shift_north_m,
        shift_spread_m=model.shift_spread_m,
        shift_tiles=model.shift_tiles,
        gain=model.gain,
        offset=model.offset,
        residual=model.residual,
        overlap_share=model.overlap_share,
        clear_share=model.clear_share,
        added_before=model.added_before,
        added_after=model.added_after,
        notes=model.notes,
    )


def describe_layer(source: LayerSource) -> LayerRecord:
    """Describe a layer that was given."""
    return LayerRecord(**asdict(source) | {"notes": source.notes})
