"""``colibri-geo bench``: measure the detector on scenes whose truth is known, and its speed."""

from __future__ import annotations

from pathlib import Path

import click

from colibri_geo.cli.progress import show_progress
from colibri_geo.cli.values import GivenPath, WholeNumber
from colibri_geo.writing import check_new_file, output_errors


@click.group(short_help="Measure the detector, and its speed, on scenes whose truth is known.")
def bench() -> None:
    """Measure the detector and its speed on scenes whose truth is known, beside what user scripts do today."""


@bench.command(short_help="Measure recall, false alarms, errors and calibration.")
@click.option(
    "--form",
    default="quick",
    show_default=True,
    type=click.Choice(["quick", "full"]),
    help="quick: a few minutes; full: for releases.",
)
@click.option("--group", "groups", multiple=True, metavar="NAME", help="Group of scenes; may be repeated (else all).")
@click.option(
    "--seeds",
    default="test",
    show_default=True,
    type=click.Choice(["test", "development"]),
    help="test: to publish; development: for all that is chosen by looking at the outcome.",
)
@click.option(
    "--real",
    type=GivenPath(),
    metavar="DIR",
    help="Folder of real pictures, for the groups that plant strips into them.",
)
@click.option("--workers", type=WholeNumber(min=1), metavar="N", help="Processes (as many as processors unless set).")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on standard output and nothing else.")
@click.option("--out", type=GivenPath(), metavar="FILE", help="Write the report as Markdown; FILE is new.")
def detection(
    *,
    form: str,
    groups: tuple[str, ...],
    seeds: str,
    real: Path | None,
    workers: int | None,
    as_json: bool,
    out: Path | None,
) -> None:
    """Measure recall, false alarms per 1,000 km2, errors and calibration on named groups of scenes.

    The scenes are simulated, or real pictures into which strips were planted. Nothing is written unless asked for.
    """
    from colibri_geo.bench import bench_detection, format_json, format_markdown

    if out is not None:
        check_new_file(out)
    with show_progress() as progress:
        report = bench_detection(form=form, groups=groups, seeds=seeds, real=real, workers=workers, progress=progress)
    _tell(format_markdown(report), format_json(report), as_json=as_json, out=out)


@bench.command(short_help="Measure seconds and memory, against decoding the same blocks.")
@click.option(
    "--form",
    default="full",
    show_default=True,
    type=click.Choice(["quick", "full", "tile110"]),
    help="quick: 4 and 16 Mpx; full: 4 to 400; tile110: a Sentinel-2 tile of 110 km, end to end.",
)
@click.option(
    "--mpx",
    type=WholeNumber(min=1),
    multiple=True,
    metavar="N",
    help="Megapixels of a pair; may be repeated (else by the form).",
)
@click.option("--bands", default="4", show_default=True, type=click.Choice(["4", "6"]), help="Bands of the pairs.")
@click.option("--method", "methods", multiple=True, metavar="NAME", help="What to measure; may be repeated (else all).")
@click.option(
    "--repeats", default=1, show_default=True, type=WholeNumber(min=1), metavar="N", help="Measure each N times."
)
@click.option(
    "--folder",
    default="out/benchmarks",
    show_default=True,
    type=GivenPath(),
    metavar="DIR",
    help="Where the pairs are kept: 0.2 GB for 4 and 16 Mpx, 6 GB for all.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=WholeNumber(min=1),
    metavar="N",
    help="Processes that simulate pairs which are not there yet.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on standard output and nothing else.")
@click.option("--out", type=GivenPath(), metavar="FILE", help="Write the report as Markdown; FILE is new.")
def speed(
    *,
    form: str,
    mpx: tuple[int, ...],
    bands: str,
    methods: tuple[str, ...],
    repeats: int,
    folder: Path,
    workers: int,
    as_json: bool,
    out: Path | None,
) -> None:
    """Measure seconds and memory of compare, scan and a recipe, against decoding the same blocks and nothing else.

    The pairs are simulated once into a folder, which takes a minute for every 25 Mpx, and used again. Leave the machine
    alone meanwhile.
    """
    from colibri_geo.bench import bench_speed, format_json, format_speed

    if out is not None:
        check_new_file(out)
    with show_progress() as progress:
        report = bench_speed(
            form=form,
            mpx=mpx,
            bands=int(bands),
            methods=methods,
            repeats=repeats,
            folder=folder,
            workers=workers,
            progress=progress,
        )
    _tell(format_speed(report), format_json(report), as_json=as_json, out=out)


def _tell(text: str, json: str, *, as_json: bool, out: Path | None) -> None:
    """Print a report as what was asked for, and write it into a file where one was named."""
    if as_json:
        click.echo(json)
    if out is not None:
        _write(out, text)
    if as_json:
        return
    if out is None:
        click.echo(text, nl=False)
    else:
        click.echo(str(out))


def _write(path: Path, text: str) -> None:
    with output_errors(path):
        path.write_text(text, encoding="utf-8")
