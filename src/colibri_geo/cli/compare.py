"""``colibri-geo compare``: two images in, the folder of a change report out."""

from __future__ import annotations

from pathlib import Path

import click

import colibri_geo
from colibri_geo.cli.hardening import reading_children
from colibri_geo.cli.progress import show_progress
from colibri_geo.cli.summary import summarize

LANGUAGES = ("en",)

_path = click.Path(path_type=Path, readable=False)  # whether it can be read is told by who reads it


@click.command(short_help="Compare two images and write a change report.")
@click.argument("before", type=_path)
@click.argument("after", type=_path)
@click.option("--out", type=_path, required=True, metavar="DIR", help="Folder to write; refused when it exists.")
@click.option("--overwrite", is_flag=True, help="Replace DIR when it holds an earlier run.")
@click.option(
    "--before-mask", type=_path, metavar="FILE", help="Sentinel-2 SCL mask of BEFORE (else NAME_scl.tif beside it)."
)
@click.option(
    "--after-mask", type=_path, metavar="FILE", help="Sentinel-2 SCL mask of AFTER (else NAME_scl.tif beside it)."
)
@click.option(
    "--before-date", metavar="TIME", help="Acquisition of BEFORE, UTC, as 2024-01-31T14:35:00Z, when its tags lack it."
)
@click.option("--after-date", metavar="TIME", help="Acquisition of AFTER, UTC, when its tags lack it.")
@click.option(
    "--bands",
    metavar="MAP",
    help="Which band is which, in both images: red=1,nir=2 or names alone, which choose, or a band map in TOML.",
)
@click.option("--before-bands", metavar="MAP", help="The same of BEFORE alone.")
@click.option("--after-bands", metavar="MAP", help="The same of AFTER alone.")
@click.option(
    "--assume-crs", metavar="CRS", help="Coordinate reference system of inputs that state none, as EPSG:32618."
)
@click.option(
    "--regions",
    multiple=True,
    metavar="LEVEL=FILE[:NAME[:CODE]]",
    help="Region layer; may be repeated. LEVEL: country, admin1, admin2.",
)
@click.option("--aoi", type=_path, metavar="FILE", help="Area of interest: look at nothing outside its polygons.")
@click.option(
    "--before-radar",
    type=_path,
    metavar="PATH",
    help="Sentinel-1 RTC image of about the time of BEFORE: tells whether strips found grew darker to the radar.",
)
@click.option("--after-radar", type=_path, metavar="PATH", help="The same of about the time of AFTER.")
@click.option("--min-length", type=float, metavar="METRES", help="Shortest strip to report (350 unless set).")
@click.option(
    "--operating-point", type=click.Choice(["report", "watch"]), help="report: few false alarms; watch: miss little."
)
@click.option(
    "--settings",
    "settings_file",
    type=_path,
    metavar="FILE",
    help="Settings as TOML; options of the command line go first.",
)
@click.option("--rasters", is_flag=True, help="Write the change and validity rasters too.")
@click.option("--no-report", is_flag=True, help="Leave out report.html.")
@click.option("--lang", default="en", type=click.Choice(LANGUAGES), help="Language of the report.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON summary on standard output and nothing else.")
def compare(
    before: Path,
    after: Path,
    *,
    out: Path,
    overwrite: bool,
    before_mask: Path | None,
    after_mask: Path | None,
    before_date: str | None,
    after_date: str | None,
    bands: str | None,
    before_bands: str | None,
    after_bands: str | None,
    assume_crs: str | None,
    regions: tuple[str, ...],
    aoi: Path | None,
    before_radar: Path | None,
    after_radar: Path | None,
    min_length: float | None,
    operating_point: str | None,
    settings_file: Path | None,
    rasters: bool,
    no_report: bool,
    lang: str,  # noqa: ARG001 - one language so far; click checks it
    as_json: bool,
) -> None:
    """Compare the images BEFORE and AFTER, and write tables, a map and a report into DIR.

    The images are what an archive delivers of the same ground, such as a GeoTIFF, a Sentinel-2 SAFE, a Landsat tar, a
    Planet order or a STAC item: colibri-geo info says what each is. DIR is written whole or not at all.
    """
    settings = _gather_settings(settings_file, min_length_m=min_length, operating_point=operating_point)
    _check_target(out, overwrite=overwrite)
    with reading_children(), show_progress() as progress:
        run = colibri_geo.compare(
            before,
            after,
            regions=regions,
            aoi=aoi,
            settings=settings,
            before_mask=before_mask,
            after_mask=after_mask,
            before_date=before_date,
            after_date=after_date,
            bands=bands,
            before_bands=before_bands,
            after_bands=after_bands,
            assume_crs=assume_crs,
            before_radar=before_radar,
            after_radar=after_radar,
            progress=progress,
        )
        folder = run.save(out, overwrite=overwrite, rasters=rasters, report=not no_report)
    summary = summarize(run, folder, report=not no_report)
    click.echo(summary.to_json() if as_json else summary.to_text())


def _gather_settings(
    file: Path | None, *, min_length_m: float | None, operating_point: str | None
) -> colibri_geo.Settings:
    """Read the settings file, when there is one, and put the options of the command line over it."""
    settings = colibri_geo.load_settings(file) if file else colibri_geo.Settings()
    if min_length_m is not None:
        settings = settings.replace(min_length_m=min_length_m)
    if operating_point is not None:
        settings = settings.replace(operating_point=operating_point)
    return settings


def _check_target(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that could not be written at the end, before the work starts."""
    from colibri_geo.evidence import check_target

    check_target(out, overwrite=overwrite)
