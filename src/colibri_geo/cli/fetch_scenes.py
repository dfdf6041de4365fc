"""``colibri-geo fetch-scenes``: scenes of a STAC API or catalogue, fetched once on request."""

from __future__ import annotations

from pathlib import Path

import click

import colibri_geo
from colibri_geo.cli.progress import Stopped
from colibri_geo.cli.values import GivenPath, Number, WholeNumber


@click.command("fetch-scenes", short_help="Fetch scenes from a STAC API or catalogue.")
@click.argument("url")
@click.option(
    *("--into", "into"),
    type=GivenPath(),
    required=True,
    metavar="DIR",
    help="Folder to write to; each scene becomes a folder in it.",
)
@click.option("--collection", "collections", multiple=True, metavar="C", help="Only of this collection; repeatable.")
@click.option("--id", "ids", multiple=True, metavar="ID", help="Only the item of this id; repeatable.")
@click.option(
    "--bbox",
    type=Number(-180, 180),
    nargs=4,
    metavar="W S E N",
    help="Only scenes that touch this box (longitude and latitude).",
)
@click.option("--aoi", type=GivenPath(), metavar="FILE", help="Only scenes that touch the polygons of this file.")
@click.option(
    "--dates", metavar="A/B", help="Only scenes of these days or times, as 2024-01-01/2024-03-31 or A/.. (UTC)."
)
@click.option(
    *("--limit", "limit"),
    type=WholeNumber(min=1),
    default=10,
    show_default=True,
    metavar="N",
    help="Where more scenes match, fetch none: choose by --id, --dates or area.",
)
def fetch_scenes(
    url: str,
    *,
    into: Path,
    collections: tuple[str, ...],
    ids: tuple[str, ...],
    bbox: tuple[float, float, float, float] | None,
    aoi: Path | None,
    dates: str | None,
    limit: int,
) -> None:
    """Fetch scenes from URL: a STAC API, a static catalogue or collection, or one item.

    Only the bands and masks that are read here are fetched, and their checksums are held to what the catalogue states.
    The items are printed, DIR/ID/item.json: open them with `info` and `compare`, which never use the network.

    Open archives serve, such as Earth Search's Sentinel-2 L2A: where one wants a login or a signed address, bring the
    files with the archive's own tool and open them from the JSON of the item beside them.

    This command and fetch-regions are the only ones that use the network. An API needs the extra stac.
    """
    area = None
    if aoi is not None:
        from colibri_geo.layers.reading import read_aoi

        area = read_aoi(aoi).polygon
    try:
        written = colibri_geo.fetch_scenes(
            url, into, collections=collections, ids=ids, bbox=bbox, area=area, dates=dates, limit=limit
        )
    except KeyboardInterrupt as error:
        if not into.exists():
            raise
        raise Stopped(f"interrupted: scenes that are whole stay in {into}; go on with the same command") from error
    for item in written:
        click.echo(str(item))
