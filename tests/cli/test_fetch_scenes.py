"""``colibri-geo fetch-scenes``: its options reach the catalogue, and it prints what it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner, Result

import colibri_geo
from colibri_geo.cli.main import main
from tests.support.products.ground import make_ground
from tests.support.products.stac import Site, serve, write_catalogue, write_stac


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of two scenes."""
    folder, pair = tmp_path / "site", make_ground(side_px=60, strips=())
    grounds = {"A_L2A": pair.before, "B_L2A": pair.after}
    write_catalogue(folder, [write_stac(folder / name, ground, item_id=name) for name, ground in grounds.items()])
    with serve(Site(folder)) as site:
        yield site


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["fetch-scenes", *arguments])


@pytest.mark.parametrize("path", ["/", "/files/catalog.json"])
def test_items_are_printed(site: Site, tmp_path: Path, path: str) -> None:
    """Each scene is a line of standard output, and nothing else is printed."""
    out = tmp_path / "got"
    result = run(site.url + path, "--into", str(out))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [str(out / name / "item.json") for name in ("A_L2A", "B_L2A")]
    assert all(Path(line).is_file() for line in result.stdout.splitlines())


@pytest.mark.parametrize("begun", [True, False])
def test_an_interrupt_says_what_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bool) -> None:
    """Scenes that are whole when it is interrupted stay, and that is said; nothing was written where none is."""

    def fetch(_url: str, into: Path, **_: object) -> None:
        if begun:
            into.mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(colibri_geo, "fetch_scenes", fetch, raising=False)
    result = run("https://example.org", "--into", str(tmp_path / "got"))
    words = f"scenes that are whole stay in {tmp_path / 'got'}; go on" if begun else "nothing was written"
    assert result.exit_code == 130
    assert words in result.stderr


def test_every_choice_reaches_the_server(site: Site, tmp_path: Path) -> None:
    """Collections, names, box, dates and limit are handed on."""
    choice = ["--collection", "sentinel-2-l2a", "--id", "A_L2A", "--bbox", "-75.1", "0.8", "-74.9", "1"]
    result = run(f"{site.url}/", "--into", str(tmp_path / "got"), *choice, "--dates", "2025-01-01/..", "--limit", "1")
    assert result.exit_code == 0, result.stderr
    assert site.questions[0] == {
        "limit": 100,
        "collections": ["sentinel-2-l2a"],
        "ids": ["A_L2A"],
        "bbox": [-75.1, 0.8, -74.9, 1.0],
        "datetime": "2025-01-01T00:00:00Z/..",
    }


@pytest.mark.parametrize(("lon", "found"), [(-74.997, True), (-70.0, False)])
def test_an_area_of_interest_chooses(site: Site, tmp_path: Path, lon: float, found: bool) -> None:
    """Polygons of a file choose the scenes that they touch."""
    aoi = tmp_path / "aoi.geojson"
    geometry = json.loads(shapely.to_geojson(shapely.Point(lon, 0.907).buffer(0.001)))
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    aoi.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    result = run(f"{site.url}/", "--into", str(tmp_path / "got"), "--aoi", str(aoi))
    assert result.exit_code == (0 if found else 2)
    assert len(result.stdout.splitlines()) == (2 if found else 0)


def test_help_says_which_archives_serve() -> None:
    """Before anything is asked one can read what to do with an archive that wants a login."""
    text = " ".join(run("--help").stdout.split())
    assert "Open archives serve, such as Earth Search's Sentinel-2 L2A: where one wants a login" in text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--limit", "1"], "more than 1 items match"),
        (["--dates", "soon"], "expected A/B"),
        (["--bbox", "0", "9", "1", "1"], "bbox"),
        (["--id", "C"], "no item matches"),
    ],
)
def test_failures_are_one_line(site: Site, tmp_path: Path, arguments: list[str], text: str) -> None:
    """What cannot be fetched ends with status 2, one line, and no folder."""
    result = run(f"{site.url}/", "--into", str(tmp_path / "got"), *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert text in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "got").exists()
