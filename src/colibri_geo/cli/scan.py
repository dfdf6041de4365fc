"""``colibri-geo scan``: two dates of a large area in, tile by tile, the folder of a change report out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

import colibri_geo
from colibri_geo.cli.hardening import DECODER, import_grids_alone, is_loud, reading_children
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
from colibri_geo.cli.progress import ScanProgress, Stopped, show_scan_progress
from colibri_geo.cli.summary import conclude
from colibri_geo.cli.values import GivenPath, WholeNumber
from colibri_geo.errors import OutputError, OutputExists

if TYPE_CHECKING:
    from colibri_geo.scanning import WorkerExecutor

_GO_ON = "go on with the same command and --resume"


@click.command(short_help="Compare two dates of a large area, tile by tile.")
@click.argument("before", type=GivenPath())
@click.argument("after", type=GivenPath())
@target_options
@scene_options
@context_options
@search_options
@click.option(
    *("--tile", "tile_px"),
    type=WholeNumber(min=1),
    metavar="PX",
    help="Side of a tile in pixels (2000 unless set), rounded up to whole cells: 2016 pixels at 10 m. Changes what a "
    "stopped scan has to do again, and nothing that is found.",
)
@workers_option
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Work on a Dask cluster in place of this machine: its scheduler, as tcp://10.0.0.5:8786. Name one that you "
    "trust: what it sends back can run code here.",
)
@click.option("--resume", is_flag=True, help="Go on with the scan of the same command that was stopped or killed.")
@report_options
def scan(
    before: Path,
    after: Path,
    *,
    out: Path,
    overwrite: bool,
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
    min_length: float | None,
    operating_point: str | None,
    settings_file: Path | None,
    tile_px: int | None,
    workers: int | None,
    scheduler: str | None,
    resume: bool,
    no_report: bool,
    pdf: bool,
    lang: str,
    precision: str,
    as_json: bool,
) -> None:
    """Compare BEFORE and AFTER tile by tile, on all processors or on a cluster, and write what `compare` writes.

    Each is a scene, a folder of scenes of about one date, or a STAC item collection; scenes may overlap and lie in
    different UTM zones. What is found does not depend on tiles, workers or cluster.

    Finished tiles are kept in DIR.scan until DIR is written: after an interrupt, a crash or a full disk the same
    command with --resume goes on from there.
    """
    if workers is not None and scheduler is not None:
        raise click.UsageError("--workers and --scheduler exclude each other: a cluster has its own workers.")
    check_precision(precision, regions=regions)
    settings = gather_settings(settings_file, min_length_m=min_length, operating_point=operating_point)
    state = _place_state(out)
    if resume and not overwrite:
        _check_unfinished(out, state)
    check_target(out, overwrite=overwrite, images=(before, after))
    check_pdf(pdf=pdf, no_report=no_report)
    locate_images(before, after)
    with show_scan_progress() as progress, _stoppable(progress, state):
        with _engine(workers, scheduler) as executor:
            run = colibri_geo.scan(
                before,
                after,
                regions=regions,
                aoi=aoi,
                aerodromes=aerodromes,
                layers=layers,
                elevation=elevation,
                settings=settings,
                before_date=before_date,
                after_date=after_date,
                bands=bands,
                before_bands=before_bands,
                after_bands=after_bands,
                assume_crs=assume_crs,
                tile_px=tile_px,
                executor=executor,
                state=state,
                resume=resume,
                progress=progress.tell_step,
                on_tile=progress.tell_tile,
            )
        progress.tell_step("write the tables" if no_report else "write the tables, draw the report")
        # The children of the scan have ended and given back their memory.
        with reading_children(at_once=precision == "exact" and not no_report), _keeping(out, state):
            from colibri_geo.pipeline.saving import save_run

            saved = save_run(
                run,
                out,
                overwrite=overwrite,
                rasters=False,
                report=not no_report,
                pdf=pdf,
                lang=lang,
                precision=precision,
            )
    _discard(state)
    conclude(run, saved, as_json=as_json)


@contextmanager
def _engine(workers: int | None, scheduler: str | None) -> Iterator[WorkerExecutor]:
    """Yield what works on tiles; this process has images decoded by children in either case."""
    from colibri_geo.scanning import dask_executor, local_executor

    with ExitStack() as stack:
        if scheduler is None:
            executor = stack.enter_context(local_executor(workers, warm=DECODER, loud=is_loud()))
            import_grids_alone()
            yield executor
        else:
            stack.enter_context(reading_children())
            yield stack.enter_context(dask_executor(scheduler))


@contextmanager
def _stoppable(progress: ScanProgress, state: Path) -> Iterator[None]:
    """Say, when a scan is interrupted that has begun with its tiles, how to go on."""
    try:
        yield
    except KeyboardInterrupt as error:
        if progress.last is None:
            raise
        done = f"{progress.last.tiles_done} of {progress.last.tiles} tiles are done and kept in {state}"
        raise Stopped(f"scan stopped: {done}; {_GO_ON}") from error


@contextmanager
def _keeping(out: Path, state: Path) -> Iterator[None]:
    """Say, where the folder of a scan that is done cannot be written, that its tiles are kept, and how to go on."""
    try:
        yield
    except OutputError as error:
        raise type(error)(
            f"{out}: the run cannot be written ({error}); all tiles are kept in {state}: mend that, and {_GO_ON}"
        ) from error


def _place_state(out: Path) -> Path:
    """Return the folder beside `out` that keeps finished tiles."""
    named = out if out.name not in {"", ".."} else out.resolve()
    return named.with_name(f"{named.name}.scan")


def _check_unfinished(out: Path, state: Path) -> None:
    from colibri_geo.evidence.manifest import holds_run

    if out.is_dir() and holds_run(out) and not state.exists():
        raise OutputExists(
            f"{out}: holds a run that is done, expected a scan that was stopped ({state.name} beside it); read the "
            "run, or scan anew into another folder"
        )


def _discard(state: Path) -> None:
    from colibri_geo.scanning import discard

    discard(state)
