"""Default borders: fetched once from geoBoundaries when somebody asks, never needed, never copied into this package."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from colibri_geo.documents import parse_json
from colibri_geo.downloading import Downloader
from colibri_geo.errors import (
    DownloadError,
    GeoreferenceError,
    InputError,
    OutputError,
    SettingsError,
    UnsafeSource,
    VectorError,
)
from colibri_geo.hashing import hash_file
from colibri_geo.layers.columns import read_labels
from colibri_geo.layers.geojson import parse_geojson
from colibri_geo.layers.polygons import clean_polygons
from colibri_geo.layers.reading import SIDE_FILE_MARK
from colibri_geo.layers.shapes import LONLAT
from colibri_geo.writing import check_new_file

GEOBOUNDARIES_URL = "https://www.geoboundaries.org/api/current/gbOpen"
"""Open borders of geoBoundaries, current release."""

MAX_DOWNLOAD_BYTES = 2**28

_LEVELS = {"country": "ADM0", "admin1": "ADM1"}
_CODE = re.compile(r"[A-Z]{3}")
_NO_CLOCK = "1970-01-01T00:00:00.000Z"


@dataclass(frozen=True)
class _Download:
    """One file that was fetched, as it stands in the side file."""

    level: str
    country: str
    url: str
    sha256: str
    source: str
    licence: str
    year: str

    @property
    def credit(self) -> str:
        return f"geoBoundaries {self.country} {_LEVELS[self.level]} {self.year} ({self.source}; {self.licence})"


def fetch_regions(
    country: str | Sequence[str],
    out: str | Path,
    *,
    base_url: str = GEOBOUNDARIES_URL,
    timeout_s: float = 60.0,
    max_bytes: int = MAX_DOWNLOAD_BYTES,
) -> Path:
    """Fetch national and first-level borders from geoBoundaries into one GeoPackage.

    No other function but `fetch_scenes` uses the network. Your own layers are always the better choice. Give the
    neighbours too if distances to the border are wanted: a border is a line that two countries share.

    Parameters
    ----------
    country : str or sequence of str
        Codes of three letters (ISO 3166-1 alpha-3), as ``COL`` or ``["COL", "ECU", "PER"]``.
    out : str or Path
        GeoPackage to write, with the layers ``country`` and ``admin1``: ``read_regions([f"country={out}",
        f"admin1={out}"])`` takes them. Beside it ``OUT.json`` keeps source, licence and checksums, and `read_regions`
        holds the layer to them.
    base_url : str
        Where to ask; https only, unless it is this computer.
    timeout_s : float
        Longest time for each file.
    max_bytes : int
        Largest file.

    Returns
    -------
    Path
        `out`.

    Raises
    ------
    SettingsError
        Not a code of three letters.
    OutputExists
        There is a file already.
    OutputError
        Its folder is missing or cannot be written.
    DownloadError
        Anything that went wrong on the way; nothing is left behind.

    References
    ----------
    Runfola, D. et al. (2020), geoBoundaries: a global database of political administrative boundaries,
    https://doi.org/10.1371/journal.pone.0231866
    """
    out = Path(out)
    countries = _check_codes([country] if isinstance(country, str) else country)
    _check_target(out)
    downloader = Downloader(
        base_url.rstrip("/"),
        expected="borders",
        advice="check the country code and the connection, or give a layer of your own",
        timeout_s=timeout_s,
        max_bytes=max_bytes,
    )
    layers, downloads = {}, []
    names: dict[str, str] = {}
    for level in _LEVELS:
        parts = []
        for code in countries:
            download, content = _fetch(downloader, code, level)
            parts.append(_read_part(content, download, names))
            downloads.append(download)
        layers[level] = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=LONLAT)
    _write(layers, downloads, out)
    return out


def _fetch(downloader: Downloader, country: str, level: str) -> tuple[_Download, bytes]:
    """Fetch what is known of one layer, and the layer."""
    question = f"{downloader.base_url}/{country}/{_LEVELS[level]}/"
    facts = _parse_facts(downloader.read(question), question)
    url = facts["gjDownloadURL"]
    content = downloader.read(url)
    download = _Download(
        level=level,
        country=country,
        url=url,
        sha256=hashlib.sha256(content).hexdigest(),
        source=facts.get("boundarySource", "source not stated"),
        licence=facts.get("boundaryLicense", "licence not stated"),
        year=facts.get("boundaryYearRepresented", "year not stated"),
    )
    return download, content


def _check_codes(countries: Sequence[str]) -> list[str]:
    wrong = [code for code in countries if not _CODE.fullmatch(code)]
    if wrong or not countries:
        raise SettingsError(
            f"country {wrong[0] if wrong else ''!r}: expected a code of three capital letters, as COL; correct it"
        )
    return list(dict.fromkeys(countries))


def _side_file(out: Path) -> Path:
    return out.with_name(f"{out.name}.json")


def _check_target(out: Path) -> None:
    if out.suffix.lower() != ".gpkg":
        raise SettingsError(f"{out.name}: expected a name that ends in .gpkg, a GeoPackage is written; correct it")
    for path in (out, _side_file(out)):
        check_new_file(path)


def _parse_facts(content: bytes, url: str) -> dict[str, str]:
    try:
        facts = parse_json(content, name=url)
    except InputError as error:
        raise DownloadError(f"{url}: answered with something that is not JSON; try again later") from error
    if not isinstance(facts, dict) or not isinstance(facts.get("gjDownloadURL"), str):
        raise DownloadError(f"{url}: the answer names no layer to fetch; check the country code")
    return {key: str(value) for key, value in facts.items() if isinstance(value, str | int)}


def _read_part(content: bytes, download: _Download, names: dict[str, str]) -> gpd.GeoDataFrame:
    """Read one fetched layer into plain columns; of a country, remember its name."""
    source = f"{download.country} {_LEVELS[download.level]}"
    try:
        polygons = clean_polygons(parse_geojson(content, name=source), source=source)
        labels = read_labels(polygons.frame, download.level, source=source).table
    except (VectorError, GeoreferenceError, UnsafeSource) as error:
        raise DownloadError(f"{download.url}: not a usable layer ({error}); give a layer of your own") from error
    table = labels[["name", "code"]].copy()
    if download.level == "country":
        table["code"] = download.country
        names[download.country] = str(table["name"].iloc[0])
    else:
        table["country"] = names[download.country]
        table["country_code"] = download.country
    return polygons.frame[["geometry"]].join(table)[[*table.columns, "geometry"]]


def _write(layers: dict[str, gpd.GeoDataFrame], downloads: list[_Download], out: Path) -> None:
    """Write both files beside their place, then move them there; on the way nothing of them is to be seen."""
    try:
        with tempfile.TemporaryDirectory(prefix=".fetch-", dir=out.parent) as folder:
            file = Path(folder) / out.name
            pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _NO_CLOCK})
            try:
                for level, table in layers.items():
                    pyogrio.write_dataframe(table, file, layer=level, driver="GPKG", append=False)
            finally:
                pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
            side = _side_file(file)
            side.write_bytes(_describe(file, downloads))
            side.replace(_side_file(out))
            file.replace(out)
    except (OSError, DataSourceError, DataLayerError) as error:
        _side_file(out).unlink(missing_ok=True)
        raise OutputError(f"{out}: cannot be written ({str(error)[:120]}); name another place") from error


def _describe(file: Path, downloads: list[_Download]) -> bytes:
    content = {
        "made_by": SIDE_FILE_MARK,
        "file": file.name,
        "sha256": hash_file(file),
        "credit": "; ".join(dict.fromkeys(download.credit for download in downloads)),
        "downloads": [dataclasses.asdict(download) for download in downloads],
    }
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
