"""From the change between two scenes to the strips table.

Nothing is imported here: the processes that look at cells need no tables.
"""

from __future__ import annotations
