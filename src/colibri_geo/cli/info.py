"""``colibri-geo info``: what an image, a product, a layer or a folder is, and what keeps it from being used."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from colibri_geo.cli.hardening import reading_children
from colibri_geo.cli.options import locate_images
from colibri_geo.cli.printing import to_printable
from colibri_geo.cli.values import GivenPath
from colibri_geo.core.azimuths import WHOLE_TURN_DEG, round_azimuth
from colibri_geo.errors import AmbiguousInput, CorruptInput, UnsupportedFormat

if TYPE_CHECKING:
    from colibri_geo.layers.inspecting import LayerInspection
    from colibri_geo.scenes.inspecting import FolderInspection, Inspection

_WIDTH = 20
_MOST_SCENES = 20
_IMAGE = "image"
_OF_ONE_DATE = ", where all are of about one date: info tells when each was acquired"


@click.command(short_help="Say what an image, a product, a layer or a folder is.")
@click.argument("path", type=GivenPath())
@click.option("--mask", type=GivenPath(), metavar="FILE", help="Sentinel-2 SCL mask of it.")
@click.option("--date", "acquired", metavar="TIME", help="Acquisition, UTC, when its tags lack it.")
@click.option("--bands", metavar="MAP", help="Which band is which: red=1,nir=2, names, or a band map in TOML.")
@click.option("--assume-crs", metavar="CRS", help="Coordinate reference system when it states none, as EPSG:32618.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output and nothing else.")
def info(
    path: Path,
    *,
    mask: Path | None,
    acquired: str | None,
    bands: str | None,
    assume_crs: str | None,
    as_json: bool,
) -> None:
    """Say what the image, product, mask, elevation model, layer or folder of scenes at PATH is.

    Of an image: sensor, bands, grid, date, scaling, share that was seen, licence. Of a layer, a table of OurAirports, a
    mask or an elevation model: its place, and which options take it. Of a folder: its scenes. What keeps it from being
    used as it is, such as a date that is missing, is told as a warning.
    """
    locate_images(path)
    with reading_children():
        from colibri_geo.evidence.manifest import holds_run
        from colibri_geo.scenes.inspecting import inspect_folder, inspect_scene

        found: Inspection | LayerInspection | FolderInspection
        try:
            found = inspect_scene(path, bands=bands, mask=mask, acquired=acquired, assume_crs=assume_crs)
            rows = _list_image(found)
            if found.kind != _IMAGE:
                _refuse_options(found.name, f"raster of another kind ({found.kind})", {"--mask": mask})
        except (AmbiguousInput, CorruptInput, UnsupportedFormat) as error:
            from colibri_geo.layers.recognising import is_layer

            of_images = {"--mask": mask, "--date": acquired, "--bands": bands}
            if is_layer(path):
                from colibri_geo.layers.inspecting import inspect_layer

                found = inspect_layer(path, assume_crs=assume_crs)
                _refuse_options(found.name, "vector layer", of_images)
                rows = _list_layer(found)
            elif path.is_dir() and holds_run(path):
                raise UnsupportedFormat(
                    f"{path.resolve().name}: the folder of a run, expected images or layers; colibri-geo verify checks "
                    "it, and its tables are in findings.gpkg"
                ) from error
            elif path.is_dir() or isinstance(error, AmbiguousInput):
                found = inspect_folder(path)
                _refuse_options(found.name, found.layout, of_images | {"--assume-crs": assume_crs})
                rows = _list_folder(found)
            else:
                raise
    click.echo(_to_json(found) if as_json else _to_text(found, rows))


def _refuse_options(name: str, kind: str, of_images: Mapping[str, object]) -> None:
    """Refuse options that say something of an image where there is none that they could be said of."""
    given = [option for option, value in of_images.items() if value is not None]
    if given:
        raise click.UsageError(f"{given[0]} is given of {name}, which is a {kind}, expected an image; leave it out.")


def _to_json(found: Inspection | LayerInspection | FolderInspection) -> str:
    from colibri_geo.scenes.inspecting import Inspection

    told = dataclasses.asdict(found)
    if isinstance(found, Inspection):
        told["acquired"] = found.acquired_text
    return json.dumps(told, indent=2)


def _to_text(found: Inspection | LayerInspection | FolderInspection, rows: Sequence[tuple[str, str | None]]) -> str:
    """Write a table of two columns; a file's own words cannot steer the terminal."""
    lines = [f"{name:<{_WIDTH}}{to_printable(value)}" for name, value in rows if value]
    lines += [f"{'note':<{_WIDTH}}{to_printable(note)}" for note in found.notes]
    lines += [f"{'warning':<{_WIDTH}}{to_printable(warning)}" for warning in found.warnings]
    return "\n".join(lines)


def _list_folder(found: FolderInspection) -> list[tuple[str, str | None]]:
    rest, tiles = len(found.scenes) - _MOST_SCENES, "--elevation" in found.uses
    return [
        ("name", found.name),
        ("layout", f"{found.layout}: {len(found.scenes):,}"),
        *(("tile" if tiles else "scene", name) for name in found.scenes[:_MOST_SCENES]),
        ("", f"and {rest:,} more" if rest > 0 else None),
        ("taken by", f"{', '.join(found.uses)}{_OF_ONE_DATE if 'scan' in found.uses else ''}"),
    ]


def _list_layer(found: LayerInspection) -> list[tuple[str, str | None]]:
    return [
        ("name", found.name),
        ("layout", found.layout),
        ("features", f"{found.features:,}: {found.shapes}" if found.features else "none"),
        ("columns", ", ".join(found.columns) or "none"),
        ("reference system", found.crs or "not known"),
        ("ground", _tell_ground(found)),
        ("area", None if found.area_km2 is None else f"{found.area_km2:,.2f} km2"),
        ("taken by", ", ".join(found.uses)),
        ("licence", found.licence or "not stated"),
        ("bytes", f"{found.size_bytes:,}"),
        ("SHA-256", found.sha256),
    ]


def _list_image(found: Inspection) -> list[tuple[str, str | None]]:
    layout, other = f"{found.layout}{', synthetic' if found.synthetic else ''}", found.kind != _IMAGE
    of_images = [
        ("sensor", found.sensor),
        ("product", found.product_id),
        ("processing baseline", found.processing_baseline),
        ("acquired", found.acquired_text or "not known"),
        ("sun", _tell_sun(found)),
        ("cloud", _tell_cloud(found)),
        ("bands", ", ".join(found.bands) or "not known"),
        ("quantity", found.quantity or "not known"),
        ("scaling", found.scaling),
        ("mask", found.mask),
    ]
    return [
        ("name", found.name),
        ("layout", f"{layout}, {found.kind}" if other else layout),
        *([("taken by", ", ".join(found.uses))] if other else of_images),
        ("size", f"{found.rows} x {found.cols} px"),
        ("pixel", _tell_pixel(found)),
        ("reference system", found.crs or "not known"),
        ("ground", _tell_ground(found)),
        ("measured", _tell_share(found.measured_share, sampled=found.shares_sampled)),
        ("clear", _tell_share(found.clear_share, sampled=found.shares_sampled)),
        ("licence", found.licence or "not stated"),
        ("bytes", f"{found.size_bytes:,}"),
        ("SHA-256", found.sha256),
    ]


def _tell_sun(found: Inspection) -> str | None:
    azimuth = found.sun_azimuth_deg
    shown = None if azimuth is None else round_azimuth(azimuth, digits=1, turn_deg=WHOLE_TURN_DEG)
    angles = (("elevation", found.sun_elevation_deg), ("azimuth", shown))
    return ", ".join(f"{name} {angle:.1f} deg" for name, angle in angles if angle is not None) or None


def _tell_cloud(found: Inspection) -> str | None:
    if found.product_cloud_share is None:
        return None
    return f"{found.product_cloud_share:.1%} of the whole product, as the archive states it"


def _tell_pixel(found: Inspection) -> str | None:
    if found.pixel_east_m is None or found.pixel_north_m is None:
        return None
    return f"{found.pixel_east_m:.2f} x {found.pixel_north_m:.2f} m on the ground"


def _tell_ground(found: Inspection | LayerInspection) -> str | None:
    if found.west is None:
        return None
    return f"longitude {found.west:.4f} to {found.east:.4f}, latitude {found.south:.4f} to {found.north:.4f}"


def _tell_share(share: float | None, *, sampled: bool) -> str | None:
    if share is None:
        return None
    return f"{share:.1%} of the pixels{' of windows spread over the image' if sampled else ''}"
