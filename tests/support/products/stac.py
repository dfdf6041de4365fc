"""Small STAC items in the form of the archives that publish them, static catalogues of them, and a STAC API.

Follows the STAC specification 1.0.0 and 1.1.0 (item-spec, common metadata; https://github.com/radiantearth/stac-spec),
the extensions eo, raster, file and projection (https://stac-extensions.github.io), and the STAC API 1.0.0, core and
item search (https://github.com/radiantearth/stac-api-spec). Keys, names, scales and nodata of the assets are those of:

- ``earth-search``: Element 84 Earth Search v1, sentinel-2-l2a: the offset is off the stored values, the flag says so,
  and ``raster:bands`` still states -0.1 (Element84/earth-search issue 9);
- ``earth-search-c1``: sentinel-2-c1-l2a: the offset is in the stored values, and stated;
- ``planetary-computer``: Microsoft Planetary Computer, sentinel-2-l2a: the offset is in, nothing states it;
- ``copernicus``: Copernicus Data Space, sentinel-2-l2a, STAC 1.1, JPEG 2000, several resolutions of each band;
- ``landsat``: landsat-c2-l2 (stactools-packages/landsat);
- ``rtc``: Planetary Computer, sentinel-1-rtc;
- ``hls``: HLSS30 of NASA;
- ``own``: one GeoTIFF of all bands, of an archive that nobody knows.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import shapely
from shapely.geometry import mapping

from tests.support.products.ground import BANDS, Array, Ground, to_integers, write_gtiff, write_jp2

Json = dict[str, Any]
_START = {"stac_version": "1.0.0", "description": "small"}
COG = "image/tiff; application=geotiff; profile=cloud-optimized"
CORE = "https://api.stacspec.org/v1.0.0/core"
ITEM_SEARCH = "https://api.stacspec.org/v1.0.0/item-search"
_S2_NUMBERS = dict(zip(BANDS, ("B02", "B03", "B04", "B08", "B11", "B12"), strict=True))
_S2_PIXELS = dict(zip(BANDS, (10, 10, 10, 10, 20, 20), strict=True))
_LANDSAT_NUMBERS = dict(zip(BANDS, ("B2", "B3", "B4", "B5", "B6", "B7"), strict=True))
_ARCHIVES = {
    "earth-search": ("sentinel-2-l2a", "sentinel-2a"),
    "earth-search-c1": ("sentinel-2-c1-l2a", "sentinel-2a"),
    "planetary-computer": ("sentinel-2-l2a", "Sentinel-2A"),
    "copernicus": ("sentinel-2-l2a", "sentinel-2a"),
    "landsat": ("landsat-c2-l2", "landsat-8"),
    "rtc": ("sentinel-1-rtc", "SENTINEL-1A"),
    "hls": ("HLSS30.v2.0", "sentinel-2a"),
    "own": ("agency-mosaics", "survey-3"),
}


@dataclass(frozen=True)
class _Maker:
    """Writes the rasters of one item and describes them as its archive does."""

    folder: Path
    ground: Ground
    version: str

    def asset(self, name: str, values: Array, at: Ground, *, jp2: bool = False, nodata: float | None = 0) -> Json:
        """Write a raster and return its asset, without what is said of its bands."""
        if jp2:
            write_jp2(self.folder / f"{name}.jp2", values, at.grid)
        else:
            write_gtiff(self.folder / f"{name}.tif", values, at.grid, nodata=nodata)
        kind = "image/jp2" if jp2 else COG
        a = at.grid.affine
        return {
            "href": f"./{name}.{'jp2' if jp2 else 'tif'}",
            "type": kind,
            "roles": ["data"],
            "proj:transform": [a.a, a.b, a.c, a.d, a.e, a.f],
            "proj:shape": list(at.grid.shape),
        }

    def describe(self, asset: Json, *bands: Mapping[str, Any], title: str = "") -> Json:
        """Add what is said of the bands, as the version has it; the members are those of STAC 1.1."""
        said = asset | ({"title": title} if title else {})
        if self.version.startswith("1.1"):
            return said | {"bands": [dict(band) for band in bands]}
        named = [_take(band, {"name": "name", "eo:common_name": "common_name"}) for band in bands]
        stored = [
            _take(
                band,
                {name: name.removeprefix("raster:") for name in band if name not in {"name", "eo:common_name"}},
            )
            for band in bands
        ]
        said |= {"eo:bands": named} if any(named) else {}
        return said | ({"raster:bands": stored} if any(stored) else {})

    def sentinel2(self, key: Callable[[str], str], *, added: float, said: Mapping[str, Any], jp2: bool = False) -> Json:
        """Write the six bands of Sentinel-2."""
        assets = {}
        for band in BANDS:
            at = self.ground.at(_S2_PIXELS[band])
            asset = self.asset(key(band), to_integers(at.band(band), added=added), at, jp2=jp2)
            assets[key(band)] = self.describe(asset, {"name": _S2_NUMBERS[band], "eo:common_name": band, **said})
        return assets


def _take(band: Mapping[str, Any], names: Mapping[str, str]) -> Json:
    return {new: band[old] for old, new in names.items() if old in band}


def _write_earth_search(make: _Maker, *, added: float) -> Json:
    said = {"raster:scale": 0.0001, "raster:offset": -0.1, "nodata": 0, "data_type": "uint16"}
    assets = make.sentinel2(str, added=added, said=said)
    coarse = make.ground.at(20)
    narrow = make.asset("nir08", to_integers(coarse.band("nir"), added=added), coarse)
    picture = np.repeat(to_integers(make.ground.band("red"), per_unit=255, dtype="uint8")[None], 3, axis=0)
    visual = make.asset("visual", picture, make.ground) | {"roles": ["visual"]}
    colours = [{"name": band, "eo:common_name": band} for band in ("red", "green", "blue")]
    return assets | {
        "nir08": make.describe(narrow, {"name": "B8A", "eo:common_name": "nir08", **said}),
        "visual": make.describe(visual, *colours),
        "scl": make.asset("scl", coarse.scl, coarse) | {"raster:bands": [{"nodata": 0, "data_type": "uint8"}]},
        "thumbnail": {"href": "https://example.org/preview.jpg", "type": "image/jpeg", "roles": ["thumbnail"]},
        "granule_metadata": {"href": "./metadata.xml", "type": "application/xml", "roles": ["metadata"]},
    }


def _write_planetary_computer(make: _Maker) -> Json:
    assets = make.sentinel2(lambda band: _S2_NUMBERS[band], added=1000, said={})
    coarse = make.ground.at(20)
    visual = make.asset("visual", np.zeros((3, *make.ground.grid.shape), np.uint8), make.ground)
    colours = [{"name": _S2_NUMBERS[band], "eo:common_name": band} for band in ("red", "green", "blue")]
    return assets | {"SCL": make.asset("SCL", coarse.scl, coarse), "visual": make.describe(visual, *colours)}


def _write_copernicus(make: _Maker) -> Json:
    said = {"raster:scale": 0.0001, "raster:offset": -0.1, "nodata": 0, "data_type": "uint16"}
    coarse = make.ground.at(20)
    assets: Json = {}
    for band, pixel in [(band, pixel) for band in BANDS for pixel in (10, 20) if pixel >= _S2_PIXELS[band]]:
        at = make.ground.at(pixel)
        key = f"{_S2_NUMBERS[band]}_{pixel}m"
        asset = make.asset(key, to_integers(at.band(band), added=1000), at, jp2=True) | said | {"gsd": pixel}
        asset["alternate"] = {"https": {"href": f"https://example.org/{key}.jp2"}}
        assets[key] = asset | {"bands": [{"name": _S2_NUMBERS[band], "eo:common_name": band}]}
    return assets | {"SCL_20m": make.asset("SCL_20m", coarse.scl, coarse, jp2=True) | {"gsd": 20}}


def _write_landsat(make: _Maker) -> Json:
    at = make.ground.at(30)
    said = {"raster:scale": 2.75e-05, "raster:offset": -0.2, "nodata": 0, "data_type": "uint16"}
    keys = {band: "nir08" if band == "nir" else band for band in BANDS}
    assets = {
        key: make.describe(
            make.asset(key, to_integers(at.band(band), per_unit=1 / 2.75e-05, added=0.2 / 2.75e-05), at),
            {"name": f"SR_{_LANDSAT_NUMBERS[band]}", "eo:common_name": key, **said},
        )
        for band, key in keys.items()
    }
    clear = np.where(at.scl == 0, 1, 21824).astype(np.uint16)
    return assets | {
        "qa_pixel": make.asset("qa_pixel", clear, at, nodata=1),
        "qa_radsat": make.asset("qa_radsat", np.zeros_like(clear), at, nodata=None),
    }


def _write_rtc(make: _Maker) -> Json:
    power = np.where(make.ground.scl == 0, -32768, 0.2 - 0.3 * make.ground.band("red")).astype(np.float32)
    said = {"nodata": -32768, "data_type": "float32"}
    return {
        key: make.describe(make.asset(key, power * share, make.ground, nodata=-32768), said)
        for key, share in (("vv", 1.0), ("vh", 0.25))
    }


def _write_hls(make: _Maker) -> Json:
    at = make.ground.at(30)
    numbers = _S2_NUMBERS | {"nir": "B8A"}
    assets = {
        numbers[band]: make.asset(
            numbers[band], to_integers(at.band(band), nodata=-9999, dtype="int16"), at, nodata=-9999
        )
        for band in BANDS
    }
    return assets | {"Fmask": make.asset("Fmask", np.where(at.scl == 0, 255, 64).astype(np.uint8), at, nodata=255)}


def _write_own(make: _Maker) -> Json:
    asset = make.asset("image", to_integers(make.ground.values, per_unit=5000), make.ground)
    bands = [{"name": f"band {number}", "eo:common_name": band} for number, band in enumerate(BANDS, start=1)]
    scale = {"raster:scale": 0.0002, "nodata": 0}
    if make.version.startswith("1.1"):
        return {"image": make.describe(asset, *bands) | scale}
    return {"image": make.describe(asset, *[band | scale for band in bands])}


_WRITERS: dict[str, Callable[[_Maker], Json]] = {
    "earth-search": lambda make: _write_earth_search(make, added=0),
    "earth-search-c1": lambda make: _write_earth_search(make, added=1000),
    "planetary-computer": _write_planetary_computer,
    "copernicus": _write_copernicus,
    "landsat": _write_landsat,
    "rtc": _write_rtc,
    "hls": _write_hls,
    "own": _write_own,
}
_VIEW = {"view:sun_elevation": 58.75, "view:sun_azimuth": 121.25, "eo:cloud_cover": 4.5}
_PROPERTIES: dict[str, Json] = {
    "earth-search": {"s2:processing_baseline": "05.09", "earthsearch:boa_offset_applied": True, **_VIEW},
    "earth-search-c1": {"s2:processing_baseline": "05.09", "earthsearch:boa_offset_applied": False},
    "planetary-computer": {
        "s2:processing_baseline": "05.09",
        "s2:product_type": "S2MSI2A",
        "s2:mean_solar_zenith": 31.25,
        "s2:mean_solar_azimuth": 121.25,
        "eo:cloud_cover": 4.5,
    },
    "copernicus": {"processing:version": "05.09", "processing:level": "L2"},
    "landsat": {"landsat:correction": "L2SP", **_VIEW, "eo:cloud_cover": -1.0},
    "rtc": {"sar:product_type": "RTC", "datetime": None},
    "hls": {},
    "own": {"processing:level": "L2"},
}


def write_stac(
    folder: Path,
    ground: Ground,
    *,
    version: str = "1.0.0",
    archive: str = "earth-search",
    item_id: str = "S2A_18NTJ_20250321_0_L2A",
    checksums: bool = False,
) -> Path:
    """Write one item and its rasters.

    Parameters
    ----------
    folder : Path
        To hold both.
    ground : Ground
        10 m.
    version : str
        ``1.0.0`` or ``1.1.0``.
    archive : str
        See the head of this module.
    item_id : str
    checksums : bool
        Whether size and SHA-256 of each raster are stated.

    Returns
    -------
    Path
        Of ``item.json``.
    """
    collection, platform = _ARCHIVES[archive]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metadata.xml").write_text("<Level-2A_Tile_ID/>\n")
    assets = _WRITERS[archive](_Maker(folder, ground, version))
    when = ground.acquired.isoformat().replace("+00:00", "Z")
    place = shapely.box(*ground.grid.extent.to_crs("EPSG:4326").boundingbox.bbox)
    epsg = {"proj:code": f"EPSG:{ground.epsg}"} if version.startswith("1.1") else {"proj:epsg": ground.epsg}
    properties = {"datetime": when, "start_datetime": when, "end_datetime": when, "platform": platform, **epsg}
    if checksums:
        _add_checksums(folder, assets)
    item = {
        "type": "Feature",
        "stac_version": version,
        "stac_extensions": ["https://stac-extensions.github.io/eo/v1.1.0/schema.json"],
        "id": item_id,
        "collection": collection,
        "geometry": mapping(place),
        "bbox": list(place.bounds),
        "properties": properties | _PROPERTIES[archive],
        "links": [{"rel": "license", "href": "https://example.org/licence"}],
        "assets": assets,
    }
    path = folder / "item.json"
    path.write_text(json.dumps(item), encoding="utf-8")
    return path


def _add_checksums(folder: Path, assets: Json) -> None:
    for asset in assets.values():
        file = folder / asset["href"]
        if file.is_file():
            content = file.read_bytes()
            asset |= {"file:checksum": f"1220{hashlib.sha256(content).hexdigest()}", "file:size": len(content)}


def edit_item(path: Path, change: Callable[[Json], object]) -> Path:
    """Change an item in place; `change` is given its JSON."""
    item = json.loads(path.read_text(encoding="utf-8"))
    change(item)
    path.write_text(json.dumps(item), encoding="utf-8")
    return path


def write_collection(path: Path, items: Sequence[Path]) -> Path:
    """Write items that lie in folders beside `path` into one item collection, and return it."""
    features = []
    for item in items:
        feature = json.loads(item.read_text(encoding="utf-8"))
        for asset in feature["assets"].values():
            if asset["href"].startswith("./"):
                asset["href"] = f"./{item.parent.name}/{asset['href'].removeprefix('./')}"
        features.append(feature)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def write_catalogue(folder: Path, items: Sequence[Path]) -> Path:
    """Write a static catalogue of one collection of items in folders below `folder`, and return ``catalog.json``."""
    child = folder / "scenes" / "collection.json"
    child.parent.mkdir()
    links = [{"rel": "item", "href": f"../{item.relative_to(folder).as_posix()}"} for item in items]
    collection = {
        **_START,
        "type": "Collection",
        "id": "scenes",
        "license": "CC-BY-4.0",
        "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
        "links": [*links, {"rel": "root", "href": "../catalog.json"}],
    }
    child.write_text(json.dumps(collection), encoding="utf-8")
    catalogue = {
        **_START,
        "type": "Catalog",
        "id": "all",
        "links": [{"rel": "child", "href": "./scenes/collection.json"}, {"rel": "self", "href": "./catalog.json"}],
    }
    path = folder / "catalog.json"
    path.write_text(json.dumps(catalogue), encoding="utf-8")
    return path


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """A web server on this computer: the files of a folder below ``/files``, and a STAC API of the items among them.

    Attributes
    ----------
    folder : Path
    page : int
        Items on one page of a search.
    posts : bool
        Whether the search takes POST, beside GET.
    answers : dict of str to callable
        What is answered in place of a file, by path.
    asked : list of str
        Paths that were asked, in order.
    questions : list of dict
        What the searches asked.
    """

    folder: Path
    page: int = 1
    posts: bool = True
    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    questions: list[Json] = field(default_factory=list)

    def file_url(self, path: Path) -> str:
        """Return the address of a file in the folder."""
        return f"{self.url}/files/{path.relative_to(self.folder).as_posix()}"

    def list_items(self) -> list[Json]:
        """Return the items, each with its own address."""
        items = []
        for path in sorted(self.folder.rglob("item.json")):
            item = json.loads(path.read_text(encoding="utf-8"))
            items.append(item | {"links": [*item["links"], {"rel": "self", "href": self.file_url(path)}]})
        return items

    def describe(self) -> Json:
        """Return the landing page."""
        search = {"rel": "search", "href": f"{self.url}/search", "type": "application/geo+json"}
        return {
            **_START,
            "type": "Catalog",
            "id": "api",
            "conformsTo": [CORE, ITEM_SEARCH],
            "links": [
                {"rel": "self", "href": f"{self.url}/"},
                {"rel": "root", "href": f"{self.url}/"},
                {"rel": "data", "href": f"{self.url}/collections"},
                *([search | {"method": "POST"}] if self.posts else []),
                search | {"method": "GET"},
            ],
        }

    def list_collections(self) -> list[Json]:
        """Return a collection for each name that the items give."""
        return [
            {
                **_START,
                "type": "Collection",
                "id": name,
                "license": "CC-BY-4.0",
                "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
                "links": [
                    {"rel": "root", "href": f"{self.url}/"},
                    {"rel": "items", "href": f"{self.url}/collections/{name}/items"},
                ],
            }
            for name in sorted({item["collection"] for item in self.list_items()})
        ]

    def search(self, question: Json, *, post: bool) -> Json:
        """Return one page of what a search finds."""
        self.questions.append(question)
        found = [item for item in self.list_items() if _matches(item, question)]
        start = int(question.get("token", 0))
        links = []
        if start + self.page < len(found):
            token = str(start + self.page)
            following = {"rel": "next", "href": f"{self.url}/search", "method": "POST" if post else "GET"}
            if post:
                links = [following | {"merge": True, "body": {"token": token}}]
            else:
                query = "&".join(f"{name}={value}" for name, value in (question | {"token": token}).items())
                links = [following | {"href": f"{self.url}/search?{query}"}]
        return {"type": "FeatureCollection", "features": found[start : start + self.page], "links": links}


def _matches(item: Json, question: Json) -> bool:
    names = {name: _split(question.get(name)) for name in ("ids", "collections", "bbox")}
    if (names["ids"] and item["id"] not in names["ids"]) or (
        names["collections"] and item["collection"] not in names["collections"]
    ):
        return False
    box = [float(side) for side in names["bbox"]]
    return not box or bool(shapely.box(*item["bbox"]).intersects(shapely.box(*box)))


def _split(value: object) -> list[Any]:
    return value.split(",") if isinstance(value, str) else list(value) if isinstance(value, list) else []


class _Handler(BaseHTTPRequestHandler):
    """Answers for one site."""

    site: Site

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        path = unquote(urlsplit(self.path).path)
        if path in self.site.answers:
            self.site.answers[path](self)
        elif path.startswith("/files/"):
            file = self.site.folder / path.removeprefix("/files/")
            self._send(file.read_bytes() if file.is_file() else None)
        else:
            self._send_json(self._find(path))

    def do_POST(self) -> None:
        self.site.asked.append(self.path)
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._send_json(self.site.search(question, post=True))

    def _find(self, path: str) -> Json | None:
        if path == "/search":
            query = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
            return self.site.search(query, post=False)
        collections = {f"/collections/{one['id']}": one for one in self.site.list_collections()}
        pages: dict[str, Json] = {
            "/": self.site.describe(),
            "/conformance": {"conformsTo": [CORE, ITEM_SEARCH]},
            "/collections": {"collections": list(collections.values()), "links": []},
        }
        return (pages | collections).get(path)

    def _send_json(self, content: Json | None) -> None:
        self._send(None if content is None else json.dumps(content).encode())

    def _send(self, content: bytes | None) -> None:
        self.send_response(404 if content is None else 200)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        pass


@contextmanager
def serve(site: Site) -> Iterator[Site]:
    """Answer for as long as it is needed."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def redirect(address: str) -> Answer:
    """Answer with a redirect."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", address)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


def refuse(request: BaseHTTPRequestHandler) -> None:
    """Answer that one may not."""
    request.send_response(403)
    request.send_header("Content-Length", "0")
    request.end_headers()
