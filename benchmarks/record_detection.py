"""Measure the detector for a release: the dated table here, and the figures that every report of a run states.

Run it as ``.venv/bin/python benchmarks/record_detection.py --real DIR [--workers N]``, with the folder of real pictures
that `colibri_geo.bench.real` describes. Writes ``benchmarks/detection-DATE.md`` and the record inside the package.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from colibri_geo.bench import bench_detection, format_markdown
from colibri_geo.bench.recording import record_benchmark
from colibri_geo.evidence.benchmark import BENCHMARK

_HOME = Path(__file__).resolve().parents[1]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all groups in full, on test seeds."""
    parser = argparse.ArgumentParser(description="Measure the detector for a release.")
    parser.add_argument("--real", type=Path, required=True, help="folder of real pictures")
    parser.add_argument("--workers", type=int, default=None, help="processes (else as many as processors)")
    options = parser.parse_args(arguments)
    today = datetime.now(UTC).date()
    report = bench_detection(form="full", seeds="test", real=options.real, workers=options.workers, progress=print)
    records = [dataclasses.asdict(record) for record in record_benchmark(report, today)]
    text = json.dumps(records, indent=1, allow_nan=False) + "\n"
    (_HOME / "src" / "colibri_geo" / "evidence" / BENCHMARK).write_text(text, encoding="utf-8")
    (_HOME / "benchmarks" / f"detection-{today}.md").write_text(format_markdown(report), encoding="utf-8")


if __name__ == "__main__":
    main()
