"""Readers of imagery: one acquisition on one grid, or many of one date as one, lazily by window.

Nothing is imported here: the processes that decode images need one module of this package, and start often.
"""

from __future__ import annotations
