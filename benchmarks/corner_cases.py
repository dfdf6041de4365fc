"""Whether a strip over the corner of four cells is found once and whole: 64 offsets by 36 azimuths.

Run it as ``.venv/bin/python benchmarks/corner_cases.py [--workers N] [--shown SHARE] [--uneven SPREAD]``. Each case is
a pair with one strip, searched with four cells and with one; it fails where the strip is not found exactly once, or an
end lies more than a pixel from that of the search with one cell. Prints each failure, and their number; the status is 1
where there are any. Some twenty minutes on two processors.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the cases are the tests' own

from tests.support.corners import SHOWN, Case, Outcome, list_cases, run_case

_CHUNK = 24


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all cases."""
    parser = argparse.ArgumentParser(description="Search for a strip over the corner of four cells.")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--shown", type=float, default=SHOWN, help="share of bare ground in what is seen of the strip")
    parser.add_argument("--uneven", type=float, default=0.0, help="spread of that share along the strip, relative")
    options = parser.parse_args(arguments)
    cases = list(list_cases(shown=options.shown, uneven=options.uneven))
    failed, widest_px = 0, 0.0
    with ProcessPoolExecutor(options.workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for outcome in pool.map(run_case, cases, chunksize=_CHUNK):
            failed += _tell(outcome)
            widest_px = max(widest_px, outcome.apart_px)
    print(f"{len(cases)} cases, {failed} failed; ends at most {widest_px:.3f} px apart")
    return int(failed > 0)


def _tell(outcome: Outcome) -> bool:
    case: Case = outcome.case
    if outcome.fault is not None:
        place = f"down {case.down_px:g} px, right {case.right_px:g} px, azimuth {case.azimuth_deg:g}"
        print(f"{place}: {outcome.fault}", flush=True)
    return outcome.fault is not None


if __name__ == "__main__":
    sys.exit(main())
