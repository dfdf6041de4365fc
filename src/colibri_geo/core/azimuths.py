"""Azimuths that are rounded, as people read them."""

from __future__ import annotations

AXIS_TURN_DEG = 180.0
"""After so much an axis, which has two directions, lies as before."""
WHOLE_TURN_DEG = 360.0


def round_azimuth(azimuth_deg: float, *, digits: int, turn_deg: float = AXIS_TURN_DEG) -> float:
    """Round an azimuth so that it stays below a turn: one that is rounded up to it is 0.

    Parameters
    ----------
    azimuth_deg : float
        In [0, `turn_deg`), or NaN.
    digits : int
        After the decimal point.
    turn_deg : float
        `AXIS_TURN_DEG`, or `WHOLE_TURN_DEG` for what has one direction.

    Returns
    -------
    float
        In [0, `turn_deg`), or NaN.

    Examples
    --------
    >>> round_azimuth(179.994, digits=1), round_azimuth(179.94, digits=1)
    (0.0, 179.9)
    >>> round_azimuth(359.96, digits=1, turn_deg=WHOLE_TURN_DEG)
    0.0
    """
    return round(azimuth_deg, digits) % turn_deg
