"""``colibri-geo bench``: measure the detector on scenes whose truth is known."""

from __future__ import annotations

from pathlib import Path

import click

from colibri_geo.cli.progress import show_progress
from colibri_geo.errors import OutputError, OutputExists


@click.group(short_help="Measure the detector on scenes whose truth is known.")
def bench() -> None:
    """Measure the detector on scenes whose truth is known, beside what user scripts do today."""


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
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of real pictures, for the groups that plant strips into them.",
)
@click.option(
    "--workers", type=click.IntRange(min=1), metavar="N", help="Processes (as many as processors unless set)."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON on standard output and nothing else.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the report as Markdown; FILE is new."
)
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

    if out is not None and out.exists():
        raise OutputExists(f"{out.name}: exists already, expected a new file; choose another name or remove it")
    if out is not None and not out.parent.is_dir():
        raise OutputError(f"{out.name}: its folder {out.parent} does not exist; make it, or choose another")
    with show_progress() as progress:
        report = bench_detection(form=form, groups=groups, seeds=seeds, real=real, workers=workers, progress=progress)
    text = format_markdown(report)
    if as_json:
        click.echo(format_json(report))
    if out is not None:
        _write(out, text)
    if as_json:
        return
    if out is None:
        click.echo(text, nl=False)
    else:
        click.echo(str(out))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path.name}: cannot be written ({error.strerror}); check the path") from error
