"""``colibri-geo simulate``: synthetic image pairs with planted strips and their truth."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(short_help="Write synthetic image pairs with planted strips.")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
def simulate(directory: Path, *, overwrite: bool) -> None:
    """Write synthetic pairs, their region layer and their truth into DIRECTORY.

    These are the samples of the project: a forest and a savanna pair. Nothing in them is real.
    """
    from colibri_geo.sim import write_samples

    for path in write_samples(directory, overwrite=overwrite):
        click.echo(str(path))
