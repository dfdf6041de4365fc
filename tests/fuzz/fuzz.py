"""Throw damaged files at every reader: ``python tests/fuzz/fuzz.py --cases 10000 --seed 0``.

Prints one line a format, and of each fault the case that reproduces it: ``python tests/fuzz/fuzz.py --seed 0
--reproduce geotiff:4711``, with ``--keep FOLDER`` to look at the damaged file.
"""

from __future__ import annotations

import argparse
import dataclasses
import faulthandler
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fuzz.formats import FORMATS, find_formats
from tests.fuzz.fuzzing import Format, Seed, Tally, children, clear, make_seeds, run_case, run_cases

_MEMORY = Path("/dev/shm")  # noqa: S108 - files there are in memory; what lies in it is a folder with a name of its own
_SHOWN_FAULTS = 40
_HEADING = (
    f"{'format':<16} {'cases':>6} {'results':>7} {'errors':>6} {'lost':>5} {'faults':>6} {'slowest':>16} {'all':>7}"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the status is 1 where a reader failed."""
    options = _parse(arguments)
    faulthandler.enable()
    with tempfile.TemporaryDirectory(prefix="fuzz_", dir=_MEMORY if _MEMORY.is_dir() else None) as place, children():
        folder = Path(place)
        if options.reproduce:
            name, _, case = options.reproduce.partition(":")
            return _reproduce(find_formats([name])[0], folder, int(case), options)
        _say(_HEADING)
        tallies = [_run(form, folder / form.name, options) for form in find_formats(options.format)]
    return int(any(tally.faults for tally in tallies))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Throw damaged files at every reader.")
    parser.add_argument("--cases", type=int, default=10_000, help="cases of each format")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--format", nargs="+", default=[], choices=[form.name for form in FORMATS], metavar="NAME")
    parser.add_argument("--reproduce", metavar="FORMAT:CASE", help="run one case and tell how it ended")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="of --reproduce: put the damaged file there")
    return parser.parse_args(arguments)


def _run(form: Format, folder: Path, options: argparse.Namespace) -> Tally:
    tally = Tally(form.name)
    numbers = range(options.first, options.first + options.cases)
    for case, outcome in run_cases(form, folder, numbers, seed=options.seed):
        tally.add(case, outcome)
        if outcome.fault and len(tally.faults) <= _SHOWN_FAULTS:
            _say(f"  {form.name}:{case} {outcome.fault}")
    clear(folder)
    results = tally.ends["result"]
    _say(
        f"{form.name:<16} {tally.cases:>6} {results:>7} {tally.cases - results:>6} {tally.lost:>5} "
        f"{len(tally.faults):>6} {tally.slowest_seconds:>6.2f} s :{tally.slowest:<6} {tally.seconds:>5.0f} s"
    )
    _say("  " + ", ".join(f"{end} {count}" for end, count in tally.ends.most_common() if end != "result"))
    return tally


def _reproduce(form: Format, folder: Path, case: int, options: argparse.Namespace) -> int:
    seeds = make_seeds(form, folder / form.name)
    if options.keep:
        seeds = [_keeping(seed, options.keep) for seed in seeds]
    outcome = run_case(form, seeds, case, seed=options.seed)
    _say(f"{form.name}:{case} {outcome}")
    return int(bool(outcome.fault))


def _keeping(seed: Seed, place: Path) -> Seed:
    """Return a seed that copies what is read, and shows where an exception comes from."""

    def read(path: Path) -> object:
        place.mkdir(parents=True, exist_ok=True)
        (place / path.name).write_bytes(path.read_bytes())
        try:
            return seed.read(path)
        except Exception:
            import traceback

            traceback.print_exc()
            raise

    return dataclasses.replace(seed, read=read)


def _say(line: str) -> None:
    sys.stdout.write(line.rstrip() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
