"""Context: regions and borders, how much of each region was observed, aerodromes and whatever else lies around.

Nothing is imported here: the processes that read layers need one module of this package, and start often.
"""

from __future__ import annotations
