"""``colibri-geo simulate``: synthetic image pairs and series with planted strips and their truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from colibri_geo.cli.values import GivenPath, Number, WholeNumber

BANDS = {
    "rgbn": ("blue", "green", "red", "nir"),
    "rgb": ("red", "green", "blue"),
    "6": ("blue", "green", "red", "nir", "swir16", "swir22"),
}
USUAL_SIDE_M = 5120.0
"""Room for what a scene holds by default."""


@dataclass(frozen=True)
class Wish:
    """What was asked for beside the samples; None is what the option's default says."""

    seed: int | None
    size: int | None
    pixel_m: float | None
    bands: str | None
    biome: str | None
    contrast: tuple[float, float] | None
    new: int | None
    old: int | None
    regrowing: int | None
    clutter: float | None
    dates: int | None

    @property
    def empty(self) -> bool:
        """Whether nothing was asked for."""
        return all(value is None for value in vars(self).values())


@click.command(short_help="Write synthetic image pairs with planted strips.")
@click.argument("directory", type=GivenPath())
@click.option(
    "--seed", type=WholeNumber(min=0), help="Decides everything that the other options leave open (default: 0)."
)
@click.option(
    "--size", type=WholeNumber(64, 10_000), metavar="PX", help="Rows and columns (default: 512; 5 km at least)."
)
@click.option("--pixel-m", type=Number(1, 60), metavar="M", help="Size of a pixel: 3, 10, 30 (default: 10).")
@click.option("--bands", type=click.Choice(list(BANDS)), help="6: with swir16 and swir22 (default: rgbn).")
@click.option("--biome", type=click.Choice(["forest", "savanna", "mixed"]), help="Land cover (default: forest).")
@click.option(
    "--contrast", type=Number(0, 1), nargs=2, metavar="LO HI", help="Of strips; 0.1 0.4 is faint (default: 0.8 1.0)."
)
@click.option("--new", type=WholeNumber(0, 1000), metavar="N", help="Strips on the later date alone (default: 3).")
@click.option("--old", type=WholeNumber(0, 1000), metavar="N", help="Strips on both dates (default: 2).")
@click.option("--regrowing", type=WholeNumber(0, 1000), metavar="N", help="Strips that grow over (default: 1).")
@click.option("--clutter", type=Number(0, 10), help="Small unrest; 1 as real ground has (default: 0).")
@click.option("--dates", type=WholeNumber(2, 500), metavar="N", help="More than two: a series (default: 2).")
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
def simulate(directory: Path, *, overwrite: bool, **options: Any) -> None:  # noqa: ANN401 - named in Wish
    """Write synthetic pairs, their masks and their truth into DIRECTORY. Nothing in them is real.

    Without options: the samples of the project, a forest and a savanna pair with made-up regions and heights. With any
    option: one scene of that description, scene_before.tif and scene_after.tif, or scene_01.tif and so on for more
    than two dates, each with its mask; the same options give the same bytes.
    """
    from colibri_geo.sim import write_samples, write_scene

    wish = Wish(**options)
    if wish.empty:
        paths = write_samples(directory, overwrite=overwrite)
    else:
        paths = write_scene(_describe(wish), directory, "scene", overwrite=overwrite)
    for path in paths:
        click.echo(str(path))


def _describe(wish: Wish) -> Any:  # noqa: ANN401 - a SceneSpec, whose library is loaded where it is needed
    from colibri_geo.sim import Mix, random_series_spec

    usual = Mix()
    mix = Mix(
        new=usual.new if wish.new is None else wish.new,
        old=usual.old if wish.old is None else wish.old,
        regrowing=usual.regrowing if wish.regrowing is None else wish.regrowing,
    )
    pixel_m = wish.pixel_m or 10.0
    side = wish.size or max(512, round(USUAL_SIDE_M / pixel_m))
    return random_series_spec(
        wish.seed or 0,
        dates=wish.dates or 2,
        rows=side,
        cols=side,
        pixel_m=pixel_m,
        bands=BANDS[wish.bands or "rgbn"],
        biome=wish.biome or "forest",
        contrast=wish.contrast or (0.8, 1.0),
        mix=mix,
        clutter=wish.clutter or 0.0,
    )
