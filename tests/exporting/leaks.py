"""An attacker's eyes: everything in a folder that tells where a strip is, in whatever form and however packed."""

from __future__ import annotations

import base64
import re
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import mgrs
import numpy as np
import shapely
from pyproj import Transformer

from colibri_geo import Run

NEAR_DEG, NEAR_M = 0.018, 2000.0
"""What counts as found: both coordinates within 2 km."""
LATTICE_DEG = 0.025
"""Edges and middles of squares are whole steps of this, and no news."""
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_ANGLE = re.compile(r"(\d+)\s*(?:°|deg|d)\s*(\d+)\s*['′m]\s*(\d+(?:\.\d+)?)\s*(?:\"|″|&quot;|s)?")
_GRID = re.compile(r"\b(\d{1,2}[C-X])\s?([A-HJ-NP-Z]{2})\s?(\d{4,10}|\d{2,5} \d{2,5})\b")
_PICTURE = (b"\xff\xd8\xff", b"\x89PNG", b"II*\x00", b"MM\x00*", b"WEBPVP8")
_EMBEDDED = re.compile(rb"data:image/[a-z]+;base64,([A-Za-z0-9+/=]+)")
_CLOCK = re.compile(
    r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (?=[a-z ,]+ \d+\.\d{3} s$)|(?<=[a-z] )\d+\.\d{3} s$", re.MULTILINE
)
"""In a log, when a step began and what it took: by chance these can be any numbers."""
_METRE_SYSTEMS = ("EPSG:32618", "EPSG:32617", "EPSG:32619", "EPSG:3857", "EPSG:6933")


def find_leaks(folder: Path, run: Run) -> dict[str, set[str]]:
    """Return for each file with a leak what kinds of leak it has, measured against the exact run."""
    found = {path.name: _search(path, run) for path in sorted(folder.iterdir())}
    return {name: kinds for name, kinds in found.items() if kinds}


def unpack(path: Path) -> bytes:
    """Return the bytes of a file, with the members of an archive, the cells of a database and embedded pictures."""
    raw = path.read_bytes()
    pieces = [raw]
    if raw.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            pieces += [part for name in archive.namelist() for part in (name.encode(), archive.read(name))]
    if raw.startswith(b"SQLite"):
        pieces += list(_read_database(path))
    pieces += [base64.b64decode(picture) for picture in _EMBEDDED.findall(raw)]
    return b"\n".join(pieces)


def _read_database(path: Path) -> Iterator[bytes]:
    """Write every cell of every table as text; shapes with all their coordinates."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            if name.startswith("rtree") and name.rpartition("_")[2] in {"node", "parent", "rowid"}:
                continue
            for row in database.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - a name of the file itself
                for cell in row:
                    yield (_read_shape(cell) if isinstance(cell, bytes) else str(cell)).encode("utf-8", "replace")
    database.close()


def _read_shape(blob: bytes) -> str:
    """Read a GeoPackage's geometry: a header with its own bounds, then WKB."""
    if not blob.startswith(b"GP"):
        return ""
    size = (0, 32, 48, 48, 64)[(blob[3] >> 1) & 7]
    bounds = struct.unpack(f"<{size // 8}d", blob[8 : 8 + size])
    points = shapely.get_coordinates(shapely.from_wkb(blob[8 + size :]))
    return " ".join(repr(float(value)) for value in (*bounds, *points.ravel()))


def _search(path: Path, run: Run) -> set[str]:
    content = unpack(path)
    text = content.decode("utf-8", "replace")
    if path.name == "run.log":
        text = _CLOCK.sub("", text)
    kinds: dict[str, Callable[[], bool]] = {
        "degrees": lambda: _tells_degrees(_read_numbers(text), run),
        "angles": lambda: _tells_degrees(_read_angles(text), run),
        "metres": lambda: _tells_metres(_read_numbers(text), run),
        "grid reference": lambda: _tells_grid(text, run),
        "size": lambda: _tells_value(text, run, ("length_m", "length_lo_m", "width_m", "azimuth_deg", "area_ha")),
        "distance": lambda: _tells_value(text, run, ("border_km", "aerodrome_km")),
        "height": lambda: _tells_value(text, run, ("elevation_m", "slope_percent")),
        "picture": lambda: any(content.count(sign) for sign in _PICTURE),
        "identifier": lambda: any(re.search(rf"\b{name}\b", text) for name in run.strips.index),
        "name": lambda: any(name in text for name in _list_names(run)),
        "time of day": lambda: "15:20" in text,
    }
    return {kind for kind, tells in kinds.items() if tells()}


def _read_numbers(text: str) -> np.ndarray:
    numbers = np.array([abs(float(number)) for number in set(_NUMBER.findall(text))])
    return numbers[np.isfinite(numbers)] if len(numbers) else numbers


def _read_angles(text: str) -> np.ndarray:
    return np.array([int(d) + int(m) / 60 + float(s) / 3600 for d, m, s in _ANGLE.findall(text)])


def _list_places(run: Run) -> np.ndarray:
    """Ends and middle of each strip: longitude, latitude."""
    middles = run.strips.geometry.interpolate(0.5, normalized=True).to_crs(4326)
    ends = [run.strips[[f"end{end}_lon", f"end{end}_lat"]].to_numpy() for end in (1, 2)]
    return np.vstack([*ends, np.column_stack([middles.x, middles.y])])


def _tells_degrees(numbers: np.ndarray, run: Run) -> bool:
    steps = numbers / LATTICE_DEG
    news = numbers[np.abs(steps - np.round(steps)) > 1e-3]  # an index of a database is coarser than its shapes
    return any(_has(news, abs(lon), NEAR_DEG) and _has(news, abs(lat), NEAR_DEG) for lon, lat in _list_places(run))


def _tells_metres(numbers: np.ndarray, run: Run) -> bool:
    places = _list_places(run)
    for system in _METRE_SYSTEMS:
        placed = Transformer.from_crs(4326, system, always_xy=True).transform(*places.T)
        for east, north in np.abs(np.array(placed)).T:
            if _has(numbers, east, NEAR_M) and _has(numbers, north, NEAR_M):
                return True
    return False


def _tells_grid(text: str, run: Run) -> bool:
    """Any reference finer than 10 km that is near a strip; or the run's own text."""
    if any(reference and reference in text for reference in run.strips["mgrs"]):
        return True
    places = _list_places(run)
    for zone, square, digits in _GRID.findall(text):
        if len(digits.replace(" ", "")) % 2 == 0:
            try:
                lat, lon = mgrs.MGRS().toLatLon(f"{zone}{square}{digits}".replace(" ", ""))
            except mgrs.core.MGRSError:
                continue
            if (np.abs(places - [lon, lat]) < NEAR_DEG).all(axis=1).any():
                return True
    return False


def _tells_value(text: str, run: Run, columns: tuple[str, ...]) -> bool:
    """Whether a number stands there to the decimal that files give people."""
    numbers = _read_numbers(text)
    values = run.strips[list(columns)].to_numpy().ravel()
    return any(_has(numbers, value, 0.006) for value in values[np.isfinite(values)])


def _list_names(run: Run) -> list[str]:
    record = run.record
    files = [*(scene.name for scene in (record.before, record.after)), *(layer.name for layer in record.layers)]
    sums = [scene.sha256 for scene in (record.before, record.after)] + [layer.sha256 for layer in record.layers]
    known = run.strips["aerodrome_name"].tolist()
    around = run.findings.strip_context
    near = () if around is None else (*around["name"], *around["community_name"])
    return [name for name in (*files, *sums, *known, *near) if name]


def _has(numbers: np.ndarray, value: float, tolerance: float) -> bool:
    return bool((np.abs(numbers - value) < tolerance).any())
