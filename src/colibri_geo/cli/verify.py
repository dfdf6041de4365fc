"""``colibri-geo verify``: whether the folder of a run is still what the run wrote."""

from __future__ import annotations

from pathlib import Path

import click

import colibri_geo
from colibri_geo.cli.printing import to_printable
from colibri_geo.cli.values import GivenPath

DIFFERENT = 3


@click.command(short_help="Prove that the folder of a run is unchanged.")
@click.argument("directory", type=GivenPath())
def verify(directory: Path) -> None:
    """Hold every file of a run's folder DIRECTORY to the SHA-256 in its manifest.

    Exit status 0: nothing missing, changed or added. 3: a difference, named on standard output.
    """
    found = colibri_geo.verify(directory)
    for word, names in (("missing", found.missing), ("changed", found.changed), ("unexpected", found.unexpected)):
        for name in names:
            click.echo(to_printable(f"{word}: {name}"))
    if not found.ok:
        click.echo(to_printable(f"{directory} is not what the run wrote."))
        raise click.exceptions.Exit(DIFFERENT)
    click.echo(to_printable(f"{directory} is what the run wrote: {found.checked} files checked."))
