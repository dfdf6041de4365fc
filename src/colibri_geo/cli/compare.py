"""``colibri-geo compare``: two images in, the folder of a change report out."""

from __future__ import annotations

from pathlib import Path

import click

import colibri_geo
from colibri_geo.cli.hardening import reading_children
from colibri_geo.cli.options import (
    check_pdf,
    check_precision,
    check_target,
    context_options,
    gather_settings,
    locate_images,
    report_options,
    scene_options,
    search_options,
    target_options,
    workers_option,
)
from colibri_geo.cli.progress import show_progress
from colibri_geo.cli.summary import conclude
from colibri_geo.cli.values import GivenPath


@click.command(short_help="Compare two images and write a change report.")
@click.argument("before", type=GivenPath())
@click.argument("after", type=GivenPath())
@target_options
@click.option(
    "--before-mask",
    type=GivenPath(),
    metavar="FILE",
    help="Sentinel-2 SCL mask of BEFORE (else NAME_scl.tif beside it).",
)
@click.option(
    "--after-mask", type=GivenPath(), metavar="FILE", help="Sentinel-2 SCL mask of AFTER (else NAME_scl.tif beside it)."
)
@scene_options
@context_options
@click.option(
    "--before-radar",
    type=GivenPath(),
    metavar="PATH",
    help="Sentinel-1 RTC image of about the time of BEFORE: tells whether strips found grew darker to the radar.",
)
@click.option("--after-radar", type=GivenPath(), metavar="PATH", help="The same of about the time of AFTER.")
@search_options
@click.option("--rasters", is_flag=True, help="Write the change and validity rasters too.")
@workers_option
@report_options
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
    aerodromes: tuple[Path, ...],
    layers: tuple[str, ...],
    elevation: tuple[Path, ...],
    before_radar: Path | None,
    after_radar: Path | None,
    min_length: float | None,
    operating_point: str | None,
    settings_file: Path | None,
    rasters: bool,
    workers: int | None,
    no_report: bool,
    pdf: bool,
    lang: str,
    precision: str,
    as_json: bool,
) -> None:
    """Compare the images BEFORE and AFTER, and write tables, a map and a report into DIR.

    The images are what an archive delivers of the same ground, such as a GeoTIFF, a Sentinel-2 SAFE, a Landsat tar, a
    Planet order or a STAC item: colibri-geo info says what each is. DIR is written whole or not at all.
    """
    check_precision(precision, regions=regions, rasters=rasters)
    settings = gather_settings(settings_file, min_length_m=min_length, operating_point=operating_point)
    check_target(out, overwrite=overwrite, images=(before, after))
    check_pdf(pdf=pdf, no_report=no_report)
    locate_images(before, after)
    with reading_children(), show_progress() as progress:
        from colibri_geo.scanning.workers import count_processors

        run = colibri_geo.compare(
            before,
            after,
            regions=regions,
            aoi=aoi,
            aerodromes=aerodromes,
            layers=layers,
            elevation=elevation,
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
            workers=workers or count_processors(),
            progress=progress,
        )
        from colibri_geo.pipeline.saving import save_run

        saved = save_run(
            run,
            out,
            overwrite=overwrite,
            rasters=rasters,
            report=not no_report,
            pdf=pdf,
            lang=lang,
            precision=precision,
        )
    conclude(run, saved, as_json=as_json)
