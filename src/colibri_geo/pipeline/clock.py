"""What a run is at, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from colibri_geo.evidence import StepTiming

Progress = Callable[[str], None]


@dataclass
class Clock:
    """Tells what is being done, and remembers how long it took."""

    tell: Progress = lambda _: None
    timings: list[StepTiming] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Tell of a step, and time it."""
        self.tell(name)
        started, first = datetime.now(UTC), time.perf_counter()
        yield
        self.timings.append(StepTiming(name, started, time.perf_counter() - first))
