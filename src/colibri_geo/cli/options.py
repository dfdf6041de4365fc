"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

import colibri_geo
from colibri_geo.cli.values import GivenPath, Number, WholeNumber
from colibri_geo.errors import OutputError
from colibri_geo.language import LANGUAGES

PRECISIONS = ("exact", "5km", "region")  # those of `colibri_geo.settings`, which help does without

Command = Callable[..., Any]


def target_options(command: Command) -> Command:
    """Add what is written where."""
    return _add(
        command,
        click.option(
            "--out", type=GivenPath(), required=True, metavar="DIR", help="Folder to write; refused when it exists."
        ),
        click.option("--overwrite", is_flag=True, help="Replace DIR when it holds an earlier run, as it was written."),
    )


def scene_options(command: Command) -> Command:
    """Add what the images do not say of themselves."""
    return _add(
        command,
        click.option(
            "--before-date",
            metavar="TIME",
            help="Acquisition of BEFORE, UTC, as 2024-01-31T14:35:00Z, when its tags lack it.",
        ),
        click.option("--after-date", metavar="TIME", help="Acquisition of AFTER, UTC, when its tags lack it."),
        click.option(
            "--bands",
            metavar="MAP",
            help="Which band is which, in both images: red=1,nir=2 or names alone, which choose, or a band map in "
            "TOML.",
        ),
        click.option("--before-bands", metavar="MAP", help="The same of BEFORE alone."),
        click.option("--after-bands", metavar="MAP", help="The same of AFTER alone."),
        click.option(
            "--assume-crs",
            metavar="CRS",
            help="Coordinate reference system of inputs that state none, as EPSG:32618; others keep theirs.",
        ),
    )


def context_options(command: Command) -> Command:
    """Add regions, the area of interest, what lies around, and heights."""
    return _add(
        command,
        click.option(
            "--regions",
            multiple=True,
            metavar="LEVEL=FILE[:NAME[:CODE]]",
            help="Region layer; may be repeated. LEVEL: country, admin1, admin2.",
        ),
        click.option(
            "--aoi", type=GivenPath(), metavar="FILE", help="Area of interest: look at nothing outside its polygons."
        ),
        click.option(
            "--aerodromes",
            type=GivenPath(),
            multiple=True,
            metavar="FILE",
            help="Aerodromes: OurAirports' airports or runways (CSV), or a layer of points (CSV too) or lines; may be "
            "repeated. "
            "Says of each strip whether it lies on one.",
        ),
        click.option(
            *("--layer", "layers"),
            multiple=True,
            metavar="NAME=FILE",
            help="Layer of what lies around, as rivers=rivers.gpkg or villages=villages.csv; may be repeated. The "
            "nearest feature is told; no strip is left out by it.",
        ),
        click.option(
            "--elevation",
            type=GivenPath(),
            multiple=True,
            metavar="PATH",
            help="Digital elevation model, heights in metres: a GeoTIFF, as a tile of Copernicus GLO-30 or SRTM, or a "
            "folder of tiles; may be repeated. Tells how high a strip lies and how it slopes.",
        ),
    )


def search_options(command: Command) -> Command:
    """Add settings of the search."""
    return _add(
        command,
        click.option(
            "--min-length",
            type=Number(min=1),
            metavar="METRES",
            help="Shortest strip to report, 100 to 4000 (350 unless set).",
        ),
        click.option(
            "--operating-point",
            type=click.Choice(["report", "watch"]),
            help="report: few false alarms; watch: miss little.",
        ),
        click.option(
            "--settings",
            "settings_file",
            type=GivenPath(),
            metavar="FILE",
            help="Settings as TOML; options of the command line go first.",
        ),
    )


def report_options(command: Command) -> Command:
    """Add what is told, and how."""
    return _add(
        command,
        click.option("--no-report", is_flag=True, help="Leave out report.html."),
        click.option("--pdf", is_flag=True, help="Write the report as report.pdf for A4 too; needs the extra pdf."),
        click.option(
            "--lang",
            default="en",
            type=click.Choice(LANGUAGES),
            help="Language of the report, the map, the waypoints, the message and the form; not of tables.",
        ),
        click.option(
            "--precision",
            default="exact",
            type=click.Choice(PRECISIONS),
            help="Edition for wider audiences: squares of 5 km, or the names of --regions alone; no pictures.",
        ),
        click.option(
            "--json", "as_json", is_flag=True, help="Print one JSON summary on standard output and nothing else."
        ),
    )


def workers_option(command: Command) -> Command:
    """Add how many processes work."""
    return _add(
        command,
        click.option(
            "--workers", type=WholeNumber(min=1), metavar="N", help="Processes (as many as processors unless set)."
        ),
    )


def _add(command: Command, *options: Callable[[Command], Command]) -> Command:
    """Add options so that the help shows them in this order."""
    for option in reversed(options):
        command = option(command)
    return command


def gather_settings(
    file: Path | None, *, min_length_m: float | None, operating_point: str | None
) -> colibri_geo.Settings:
    """Read the settings file, when there is one, and put the options of the command line over it."""
    settings = colibri_geo.load_settings(file) if file else colibri_geo.Settings()
    if min_length_m is not None:
        settings = settings.replace(min_length_m=min_length_m)
    if operating_point is not None:
        settings = settings.replace(operating_point=operating_point)
    return settings


def check_target(out: Path, *, overwrite: bool, images: Sequence[Path]) -> None:
    """Refuse a folder that could not be written at the end, or would be read as images, before the work starts."""
    from colibri_geo.evidence import check_target

    check_target(out, overwrite=overwrite)
    around = [image for image in images if image.is_dir() and out.resolve().is_relative_to(image.resolve())]
    if around:
        raise OutputError(
            f"{out}: lies in {around[0].resolve()}, which is given as images, expected a place outside of it; give a "
            "folder beside it"
        )


def locate_images(*given: Path) -> None:
    """Refuse paths that lead nowhere, before anything is imported that reads images."""
    from colibri_geo.scenes.paths import locate

    for path in given:
        locate(path)


def check_precision(precision: str, *, regions: Sequence[str], rasters: bool = False) -> None:
    """Refuse an edition that would tell more than it may, or nothing, before the work starts."""
    if precision != "exact":
        from colibri_geo.exporting import check_precision

        check_precision(precision, regions=bool(regions), rasters=rasters)


def check_pdf(*, pdf: bool, no_report: bool) -> None:
    """Refuse a PDF that could not be made at the end, before the work starts."""
    if pdf and no_report:
        raise click.UsageError("--pdf and --no-report exclude each other: the PDF is the report.")
    if pdf:
        from colibri_geo.reporting import check_libraries

        check_libraries()
