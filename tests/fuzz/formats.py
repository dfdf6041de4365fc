"""Good inputs of every format that is read, as small as their readers allow, and the public reader of each."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import rasterio
import rasterio.shutil
import shapely
from affine import Affine

import colibri_geo
from colibri_geo.core.windows import Window
from colibri_geo.evidence import write_manifest
from colibri_geo.exporting.tables import write_tables
from colibri_geo.layers.context import read_context
from colibri_geo.layers.inspecting import inspect_layer
from colibri_geo.layers.reading import Layer
from colibri_geo.scenes.elevation import open_elevation
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.finding import find_input
from colibri_geo.scenes.product import Product
from colibri_geo.sim import Cloud
from tests.fuzz.fuzzing import Format, Seed, plant
from tests.fuzz.mutating import damage_bytes, damage_database, damage_json, damage_text, damage_values, damage_xml
from tests.scenes.images import made_pixels, write_image
from tests.support.example_run import example_findings, example_record
from tests.support.products.ground import Ground, make_ground, write_jp2
from tests.support.products.landsat import write_landsat
from tests.support.products.planetscope import write_planetscope
from tests.support.products.sentinel1 import write_opera, write_rtc
from tests.support.products.sentinel2 import write_safe
from tests.support.products.stac import write_collection, write_stac

_SIDE_PX = 60
_OPENED = {"bands": "blue=1,green=2,red=3,nir=4", "acquired": "2025-03-21T15:20:00Z"}


def _ground(*, clouds: bool = False) -> Ground:
    """Return a ground of 600 m, with a cloud in it or without."""
    return make_ground(side_px=_SIDE_PX, strips=(), clouds=(Cloud((300.0, 300.0), 120.0, 1),) if clouds else ()).after


# ------------------------------------------------------------------------------------------------------------ readers
def _inspect(path: Path) -> None:
    colibri_geo.inspect_scene(path)


def _open(path: Path) -> None:
    colibri_geo.open_scene(path).read_block()


def _open_declared(path: Path) -> None:
    colibri_geo.open_scene(path, **_OPENED).read_block()


@dataclasses.dataclass
class _ProductReader:
    """Reads a product of which only metadata are damaged: what they lead to is read only where it is not as before.

    Attributes
    ----------
    root : Path or None
        What is read; the damaged file itself by default.
    """

    root: Path | None = None
    known: Product | None = None

    def __call__(self, path: Path) -> None:
        """Read the product."""
        root = self.root or path
        found = find_input(root)
        if not isinstance(found, Product):
            _inspect(root)
            return
        plain = dataclasses.replace(found, sha256="", size_bytes=0)
        if self.known is None or plain != self.known:
            _inspect(root)
        self.known = self.known or plain


def _read_elevation(path: Path) -> None:
    tile = open_elevation(RasterFile(path))
    tile.check_heights()
    tile.read(Window(0, 0, 64, 64).clipped(*(int(side) for side in tile.grid.shape)))


def _read_layer(path: Path) -> None:
    inspect_layer(path)


def _read_regions(path: Path) -> None:
    colibri_geo.read_regions([Layer("admin1", path)])


def _read_around(path: Path) -> None:
    read_context(path, f"villages={path}")


def _read_run(path: Path) -> None:
    colibri_geo.verify(path.parent)
    colibri_geo.read_run(path.parent)


def _read_shapefile(path: Path, *, read: Callable[[Path], None]) -> None:
    read(path.with_suffix(".shp"))


def _read_band_map(path: Path) -> None:
    colibri_geo.open_scene(path.with_name("image.tif"), bands=str(path), acquired=_OPENED["acquired"]).read_block()


def _read_beside(path: Path) -> None:
    colibri_geo.open_scene(path.with_suffix("")).read_block()


# ------------------------------------------------------------------------------------------------------------ rasters
def _make_geotiff(folder: Path) -> list[Seed]:
    pixels = made_pixels(4, 40, 48)
    hidden = np.where(np.arange(48) < 9, 0, 255).astype(np.uint8)[None].repeat(40, axis=0)
    tiled = {"tiled": True, "blockxsize": 16, "blockysize": 16}
    kinds: dict[str, dict[str, object]] = {
        "plain": {},
        "deflate": {**tiled, "compress": "deflate", "predictor": 2, "nodata": 0},
        "lzw": {"compress": "lzw", "interleave": "pixel", "blockysize": 8},
        "packbits": {"compress": "packbits"},
        "zstd": {**tiled, "compress": "zstd"},
        "big": {**tiled, "BIGTIFF": "YES", "ENDIANNESS": "BIG"},
        "sparse": {**tiled, "SPARSE_OK": "TRUE", "nodata": 0},
        "masked": {**tiled, "mask": hidden},
        "scaled": {"scales": (0.0001,) * 4, "offsets": (-0.1,) * 4, "tags": {"SENSOR": "Sentinel-2A"}},
    }
    for name, options in kinds.items():
        values = pixels.copy()
        if name == "sparse":
            values[:, :16, :16] = 0
        write_image(_place(folder, name), values, **options)
    fractions = (pixels / 10_000).astype(np.float32)
    write_image(_place(folder, "float"), fractions, compress="deflate", predictor=3)
    _write_cog(folder)
    found = sorted(folder.glob("*/*.tif"))
    return [plant(path.parent, path.name, read) for path in found for read in (_inspect, _open)]


def _make_elevation(folder: Path) -> list[Seed]:
    heights = made_pixels(1, 40, 48).astype(np.float32)
    kinds: dict[str, dict[str, object]] = {
        "float": {"compress": "deflate", "predictor": 3, "nodata": -9999},
        "integer": {"tiled": True, "blockxsize": 16, "blockysize": 16, "dtype": "int16", "scales": (0.1,)},
        "geographic": {"crs": "EPSG:4326+3855", "transform": Affine(3e-4, 0, -76.6, 0, -3e-4, 0.5)},
    }
    for name, options in kinds.items():
        write_image(_place(folder, name), heights, names=None, acquired=None, **options)
    return [plant(path.parent, path.name, _read_elevation) for path in sorted(folder.glob("*/*.tif"))]


def _place(folder: Path, name: str) -> Path:
    """Return where a file of that name goes, in a folder of its own."""
    path = folder / name / f"{name}.tif"
    path.parent.mkdir(parents=True)
    return path


def _write_cog(folder: Path) -> None:
    plain = write_image(folder / "whole.tif", made_pixels(4, 96, 96), nodata=0)
    target = _place(folder, "cog")
    options = {"blocksize": 128, "overview_count": 1, "compress": "DEFLATE"}
    rasterio.shutil.copy(plain, target, driver="COG", **options)
    plain.unlink()


def _make_jpeg2000(folder: Path) -> list[Seed]:
    pixels = made_pixels(4, 48, 48)
    grid = _ground().grid[:48, :48]
    kinds: dict[str, dict[str, object]] = {
        "plain": {},
        "tiled": {"BLOCKXSIZE": 32, "BLOCKYSIZE": 32, "RESOLUTIONS": 2},
        "stream": {"CODEC": "J2K", "BLOCKXSIZE": 32, "BLOCKYSIZE": 32, "RESOLUTIONS": 1},
        "lossy": {"QUALITY": "20", "REVERSIBLE": "NO", "RESOLUTIONS": 3},
    }
    seeds = []
    for name, options in kinds.items():
        path = write_jp2(folder / name / f"{name}.jp2", pixels, grid, **options)
        for beside in path.parent.glob("*.aux.xml"):
            beside.unlink()
        read = partial(_declare, crs="EPSG:32618") if name == "stream" else _open_declared
        seeds += [plant(path.parent, path.name, one) for one in ((_inspect, read) if name != "stream" else (_inspect,))]
    return seeds


def _declare(path: Path, *, crs: str) -> None:
    colibri_geo.open_scene(path, assume_crs=crs, **_OPENED).read_block()


# ----------------------------------------------------------------------------------------------------------- archives
def _make_zip(folder: Path) -> list[Seed]:
    image = write_image(_place(folder, "scene"), made_pixels(4, 40, 48))
    packed = folder / "packed"
    packed.mkdir()
    shutil.make_archive(str(packed / "scene"), "zip", image.parent)
    paths = [packed / "scene.zip"]
    for name, stored in (("stored", True), ("deflated", False)):
        paths.append(write_safe(folder / name, _ground(), zipped=True, stored=stored))
    return [plant(path.parent, path.name, _inspect) for path in paths]


def _make_tar(folder: Path) -> list[Seed]:
    path = write_landsat(folder / "landsat", _ground(), tar=True, mtl=("json", "txt"))
    return [plant(path.parent, path.name, _inspect)]


# ----------------------------------------------------------------------------------------------------------- products
def _plant_product(root: Path, pattern: str) -> Seed:
    target = next(iter(sorted(root.rglob(pattern))))
    return plant(root, target.relative_to(root).as_posix(), _ProductReader(root))


def _make_safe(folder: Path, *, pattern: str) -> list[Seed]:
    roots = [
        write_safe(folder / "level2", _ground()),
        write_safe(folder / "level1", _ground(clouds=True), level="L1C", baseline="02.09"),
    ]
    return [_plant_product(root, pattern) for root in roots if any(root.rglob(pattern))]


def _make_landsat(folder: Path, *, form: str) -> list[Seed]:
    roots = [
        write_landsat(folder / f"number{spacecraft}", _ground(), spacecraft=spacecraft, mtl=(form,))
        for spacecraft in (7, 9)
    ]
    return [_plant_product(root, f"*_MTL.{form}") for root in roots]


def _make_planetscope(folder: Path, *, form: str) -> list[Seed]:
    roots = [
        write_planetscope(folder / "surface", _ground(), pixel_m=5.0, documents=(form,)),
        write_planetscope(folder / "toa", _ground(), pixel_m=5.0, surface=False, documents=("xml", form), mask="udm"),
    ]
    return [_plant_product(root, f"*_metadata*.{form}") for root in roots]


def _make_stac_item(folder: Path) -> list[Seed]:
    kinds = (("earth-search", "1.0.0"), ("landsat", "1.1.0"), ("copernicus", "1.1.0"), ("own", "1.0.0"))
    seeds = []
    for archive, version in kinds:
        path = write_stac(folder / archive, _ground(), archive=archive, version=version, checksums=version == "1.0.0")
        seeds.append(plant(path.parent, path.name, _ProductReader()))
    return seeds


def _make_stac_collection(folder: Path) -> list[Seed]:
    items = [
        write_stac(folder / "all" / archive, _ground(), archive=archive, item_id=archive)
        for archive in ("earth-search", "hls")
    ]
    path = write_collection(folder / "all" / "items.json", items)
    reader = _ProductReader(Path(f"{path}#hls"))
    return [plant(path.parent, path.name, reader)]


def _make_radar_names(folder: Path) -> list[Seed]:
    roots = [write_rtc(folder / "hyp3", _ground(), pixel_m=30), write_opera(folder / "opera", _ground())]
    return [plant(root, path.name, _ProductReader(root)) for root in roots for path in sorted(root.glob("*.tif"))]


# --------------------------------------------------------------------------------------------------------- TOML, JSON
def _make_settings(folder: Path) -> list[Seed]:
    tables = colibri_geo.Settings().to_dict()
    lines = []
    for step, values in tables.items():
        lines.append(f"[{step}]")
        lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    (folder / "settings.toml").write_text("\n".join(lines), encoding="utf-8")
    return [plant(folder, "settings.toml", colibri_geo.load_settings)]


def _make_band_map(folder: Path) -> list[Seed]:
    write_image(folder / "image.tif", made_pixels(4, 40, 48), names=None)
    (folder / "bands.toml").write_text(
        'quantity = "surface reflectance"\nscale = 0.0001\noffset = -0.1\nnodata = 0\nsensor = "WFI"\n'
        'licence = "CC BY-SA 4.0"\n\n[bands]\nblue = 1\ngreen = 2\nred = 3\nnir = 4\n',
        encoding="utf-8",
    )
    return [plant(folder, "bands.toml", _read_band_map)]


def _make_checksum(folder: Path) -> list[Seed]:
    image = write_image(folder / "image.tif", made_pixels(4, 40, 48))
    digest = colibri_geo.open_scene(image).provenance.sha256
    (folder / "image.tif.sha256").write_text(f"{digest}  image.tif\n", encoding="ascii")
    return [plant(folder, "image.tif.sha256", _read_beside)]


def _make_run(folder: Path, *, target: str) -> list[Seed]:
    run = folder / "run"
    run.mkdir(parents=True)
    write_tables(example_findings(), example_record(), run)
    write_manifest(run, example_record())
    return [plant(run, target, _read_run)]


# ------------------------------------------------------------------------------------------------------------- layers
def _regions() -> gpd.GeoDataFrame:
    shapes = [
        shapely.box(-77.3, 0.9, -77.1, 1.2),
        shapely.MultiPolygon([shapely.box(-77.1, 0.9, -77.0, 1.2), shapely.box(-76.9, 0.9, -76.8, 1.1)]),
        shapely.box(-77.3, 1.2, -77.1, 1.4).difference(shapely.box(-77.25, 1.25, -77.2, 1.3)),
    ]
    names = {"name": ["NARIÑO", "PUTUMAYO", "CAUCA"], "code": ["52", "86", "19"]}
    return gpd.GeoDataFrame(names, geometry=shapes, crs=4326)


def _plant_layer(folder: Path, name: str) -> list[Seed]:
    return [plant(folder, name, read) for read in (_read_layer, _read_regions)]


def _make_geopackage(folder: Path) -> list[Seed]:
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2025-01-01T00:00:00.000Z"})
    _regions().to_file(folder / "regions.gpkg", layer="admin1", driver="GPKG", layer_options={"SPATIAL_INDEX": "NO"})
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    return _plant_layer(folder, "regions.gpkg")


def _make_shapefile(folder: Path, *, ending: str) -> list[Seed]:
    seeds = []
    for name, crs in (("degrees", 4326), ("metres", 32618)):
        place = folder / name
        place.mkdir(parents=True)
        options = {"ENCODING": "UTF-8", "DBF_DATE_LAST_UPDATE": "2025-01-01"}
        _regions().to_crs(crs).to_file(place / "regions.shp", driver="ESRI Shapefile", layer_options=options)
        readers = (partial(_read_shapefile, read=read) for read in (_read_layer, _read_regions))
        seeds.extend(plant(place, f"regions.{ending}", read) for read in readers)
    return seeds


def _make_geojson(folder: Path) -> list[Seed]:
    (folder / "regions.geojson").write_text(_regions().to_json(indent=1, ensure_ascii=False), encoding="utf-8")
    return _plant_layer(folder, "regions.geojson")


def _make_kml(folder: Path) -> list[Seed]:
    marks = []
    for row in _regions().explode(ignore_index=True).itertuples():
        ring = " ".join(f"{lon},{lat},0" for lon, lat in row.geometry.exterior.coords)
        marks.append(
            f'<Placemark id="p{row.Index}"><name>{row.name} {row.Index}</name><ExtendedData><Data name="code"><value>'
            f"{row.code}{row.Index}</value></Data></ExtendedData>\n<Polygon><outerBoundaryIs><LinearRing>\n<coordinates>"
            f"{ring}</coordinates>\n</LinearRing></outerBoundaryIs></Polygon></Placemark>"
        )
    text = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>\n{}\n'
    content = text.format("\n".join(marks)) + "</Document></kml>\n"
    (folder / "regions.kml").write_text(content, encoding="utf-8")
    return _plant_layer(folder, "regions.kml")


def _make_points(folder: Path) -> list[Seed]:
    rows = (f'{number},"Pista, {number}",{1 + number / 10},{-77 - number / 10}' for number in range(9))
    (folder / "points.csv").write_text("\n".join(("code,name,lat,lon", *rows)) + "\n", encoding="utf-8")
    return [plant(folder, "points.csv", read) for read in (_read_layer, _read_around)]


def _make_side_file(folder: Path) -> list[Seed]:
    seeds = _make_geojson(folder)
    digest = inspect_layer(seeds[0].path).sha256
    content = {"made_by": "colibri_geo fetch_regions", "sha256": digest, "credit": "somebody, CC BY 4.0"}
    (folder / "regions.geojson.json").write_text(json.dumps(content), encoding="utf-8")
    return [plant(folder, "regions.geojson.json", _read_side_file)]


def _read_side_file(path: Path) -> None:
    inspect_layer(path.with_suffix(""))


FORMATS: Sequence[Format] = (
    Format("geotiff", _make_geotiff, damage_bytes),
    Format("elevation", _make_elevation, damage_bytes),
    Format("jpeg2000", _make_jpeg2000, damage_bytes),
    Format("zip", _make_zip, damage_bytes),
    Format("tar", _make_tar, damage_bytes),
    Format("safe-xml", partial(_make_safe, pattern="MTD_MSIL*.xml"), damage_xml),
    Format("tile-xml", partial(_make_safe, pattern="MTD_TL.xml"), damage_xml),
    Format("cloud-gml", partial(_make_safe, pattern="MSK_CLOUDS_*.gml"), damage_xml),
    Format("mtl-json", partial(_make_landsat, form="json"), damage_json),
    Format("mtl-xml", partial(_make_landsat, form="xml"), damage_xml),
    Format("mtl-txt", partial(_make_landsat, form="txt"), damage_values),
    Format("planet-xml", partial(_make_planetscope, form="xml"), damage_xml),
    Format("planet-json", partial(_make_planetscope, form="json"), damage_json),
    Format("stac-item", _make_stac_item, damage_json),
    Format("stac-collection", _make_stac_collection, damage_json),
    Format("radar-names", _make_radar_names, None),
    Format("settings", _make_settings, damage_values),
    Format("band-map", _make_band_map, damage_values),
    Format("geopackage", _make_geopackage, damage_database),
    Format("shp", partial(_make_shapefile, ending="shp"), damage_bytes),
    Format("shx", partial(_make_shapefile, ending="shx"), damage_bytes),
    Format("dbf", partial(_make_shapefile, ending="dbf"), damage_bytes),
    Format("prj", partial(_make_shapefile, ending="prj"), damage_values),
    Format("cpg", partial(_make_shapefile, ending="cpg"), damage_text),
    Format("geojson", _make_geojson, damage_json),
    Format("kml", _make_kml, damage_xml),
    Format("points", _make_points, damage_text),
    Format("side-json", _make_side_file, damage_json),
    Format("manifest", partial(_make_run, target="manifest.json"), damage_json),
    Format("run-tables", partial(_make_run, target="findings.gpkg"), damage_database),
    Format("checksum", _make_checksum, damage_text),
)
"""Every format that is read, with what damages it."""


def find_formats(names: Sequence[str]) -> list[Format]:
    """Return the formats of some names; all where none is given."""
    known = {form.name: form for form in FORMATS}
    return [known[name] for name in names] if names else list(FORMATS)
