"""The whole road: the only place that knows all of its steps.

Nothing is imported here: a worker of a scan needs `looking` alone, and starts the sooner without the rest.
"""

from __future__ import annotations
