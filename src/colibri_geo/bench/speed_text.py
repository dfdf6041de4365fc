"""A benchmark of speed as Markdown tables."""

from __future__ import annotations

from collections.abc import Sequence

from colibri_geo.bench.speed import COUNTRY_MPX, MethodSpeed, SizeReport, SpeedReport
from colibri_geo.bench.text import format_table
from colibri_geo.bench.timing import HOW

_NOTHING = "-"
_LEAST_SHARE = 0.02
_EXPLANATION = f"""\
- Seconds depend on the machine and on what else it does; what can be compared are ratios to the decode floor, which is
  measured before and after everything else, in the same run. The floor is one process that decodes the blocks of bands
  and masks of both dates and does nothing else; its own start is not counted.
- Commands are timed from their start to their end, the start of the interpreter included. What is called *in process*
  is timed from opening the scenes to the table of strips, libraries loaded before. Files were read once before.
- Memory is the {HOW[0]},
  {HOW[1]}.
- Pairs are simulated: GeoTIFF in blocks of 512 px, deflate, 16 bits, masks of clouds beside, as full of strips and of
  what looks like them as the group `ordinary` of the benchmark of detection (development seeds). Strips called new and
  recall are at the operating point *report*; recall is of new strips of which 60 % or more was observed on both
  dates."""


def format_speed(report: SpeedReport) -> str:
    """Return a report as Markdown tables.

    Parameters
    ----------
    report : SpeedReport

    Returns
    -------
    str
    """
    times = "once" if report.repeats == 1 else f"{report.repeats} times (medians)"
    parts = [
        f"# Speed, {report.form} form",
        f"colibri_geo {report.version}; {report.processors} processors, {report.bands} bands, each measured {times}.",
        _EXPLANATION,
    ]
    if report.start_up is not None:
        parts.append(
            f"Start-up: a scan of {report.start_up.side_px} x {report.start_up.side_px} px takes "
            f"{report.start_up.first_seconds:.1f} s on its first run ever (home folder and caches empty), "
            f"{report.start_up.again_seconds:.1f} s again."
        )
    parts += [part for size in report.sizes for part in _format_size(size)]
    if len(report.sizes) > 1:
        parts += ["## Growth", _format_growth(report.sizes)]
    return "\n\n".join(parts) + "\n"


def _format_size(size: SizeReport) -> list[str]:
    head = ("", "seconds", "Mpx/s", "times the floor", "memory, MB", "at most, MB", "called new", "recall")
    parts = [f"## {size.rows:,} x {size.cols:,} px ({size.mpx:.0f} Mpx), {size.bands} bands"]
    if size.distinct < size.blocks:
        parts.append(f"Made of {size.blocks} simulated blocks, {size.distinct} of which differ.")
    parts.append(format_table(head, [_format_method(method) for method in (size.floor, *size.methods)]))
    parts.append("\n".join(_describe(method) for method in (size.floor, *size.methods)))
    scans = {method.name: method for method in size.methods}
    if {"scan 1", "scan 2"} <= set(scans):
        parts.append(_tell_of_scans(scans["scan 1"], scans["scan 2"]))
    return parts


def _describe(method: MethodSpeed) -> str:
    """Say what a method is, and which of its steps take how long."""
    least = _LEAST_SHARE * sum(step.seconds for step in method.steps)
    steps = [f"{step.name} {step.seconds:.1f} s" for step in method.steps if step.seconds >= least]
    return f"- {method.name}: {method.about}" + (f" ({', '.join(steps)})" if steps else "")


def _tell_of_scans(one: MethodSpeed, two: MethodSpeed) -> str:
    hours = COUNTRY_MPX / two.mpx_per_s / 3600
    told = f"At the pace of two workers, the {COUNTRY_MPX:,} Mpx of Colombia take {hours:.2f} hours."
    if one.peak_mb is None or two.peak_mb is None:
        return told
    return f"{told} The second worker adds {two.peak_mb - one.peak_mb:.0f} MB."


def _format_method(method: MethodSpeed) -> list[str]:
    found = method.found
    return [
        method.name,
        f"{method.seconds:.2f}",
        f"{method.mpx_per_s:.2f}",
        f"{method.ratio:.2f}",
        _megabytes(method.peak_mb),
        _megabytes(method.most_mb),
        _NOTHING if found is None else str(found.called_new),
        _NOTHING
        if found is None or not found.there
        else f"{found.hits / found.there:.3f} ({found.hits}/{found.there})",
    ]


def _format_growth(sizes: Sequence[SizeReport]) -> str:
    """Tell of each method how seconds per pixel and memory change with the size of the pair."""
    names = list(dict.fromkeys(method.name for size in sizes for method in (size.floor, *size.methods)))
    rows = []
    for name in names:
        by_size = [{method.name: method for method in (size.floor, *size.methods)}.get(name) for size in sizes]
        rows.append([name, *(_format_share(method) for method in by_size)])
    head = ["seconds a 100 Mpx; MB", *(f"{size.mpx:.0f} Mpx" for size in sizes)]
    return format_table(head, rows)


def _format_share(method: MethodSpeed | None) -> str:
    return _NOTHING if method is None else f"{100 / method.mpx_per_s:.1f}; {_megabytes(method.peak_mb)}"


def _megabytes(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:,.0f}"
