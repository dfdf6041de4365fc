"""``run.log``: when a run was made and how long its steps took; the only output that knows a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from colibri_geo.evidence.manifest import LOG


@dataclass(frozen=True)
class StepTiming:
    """One step of a run.

    Attributes
    ----------
    step : str
        Name of the step.
    started : datetime
        With its zone.
    seconds : float
        How long it took.
    """

    step: str
    started: datetime
    seconds: float


def write_log(folder: Path, timings: Sequence[StepTiming]) -> None:
    """Write ``run.log``: a line a step, in the order given, and the whole time.

    Parameters
    ----------
    folder : Path
        Of the run.
    timings : sequence of StepTiming
    """
    lines = [f"{_format_clock(timing.started)} {_one_line(timing.step)} {timing.seconds:.3f} s" for timing in timings]
    lines.append(f"{len(timings)} steps {sum(timing.seconds for timing in timings):.3f} s")
    (folder / LOG).write_bytes(("\n".join(lines) + "\n").encode("utf-8", errors="backslashreplace"))


def _format_clock(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
