"""The log: one line a step, with the clock in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from colibri_geo.evidence import StepTiming, write_log


def test_log_has_a_line_a_step_in_utc(tmp_path: Path) -> None:
    """Times of any zone are written in UTC with a Z, seconds beside them, and the whole at the end."""
    start = datetime(2025, 1, 1, 20, tzinfo=timezone(timedelta(hours=-5)))
    write_log(tmp_path, [StepTiming("survey", start, 1.25), StepTiming("write\nforged line", start, 0.5)])
    assert (tmp_path / "run.log").read_bytes().decode().splitlines() == [
        "2025-01-02T01:00:00.000Z survey 1.250 s",
        "2025-01-02T01:00:00.000Z write forged line 0.500 s",
        "2 steps 1.750 s",
    ]
