"""``colibri-geo fetch-regions``: the default borders of a country, fetched once on request."""

from __future__ import annotations

from pathlib import Path

import click

import colibri_geo
from colibri_geo.cli.values import GivenPath


@click.command("fetch-regions", short_help="Fetch the national and first-level borders of a country.")
@click.argument("country", nargs=-1, required=True)
@click.option("--out", type=GivenPath(), required=True, metavar="FILE", help="GeoPackage to write.")
def fetch_regions(country: tuple[str, ...], *, out: Path) -> None:
    """Fetch the borders of each COUNTRY (three letters, as COL) for `compare --regions`.

    With the neighbours (COL ECU PER ...) distances to the border are known too. FILE holds the layers country and
    admin1: use it as `--regions country=FILE --regions admin1=FILE`.

    This command and fetch-scenes are the only ones that use the network. Your own layers are always the better choice.
    """
    colibri_geo.fetch_regions(country, out)
    click.echo(str(out))
