"""A strip's length beside what an aircraft type is published to need: a measure, no statement of use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from colibri_geo.language import Messages
from colibri_geo.language.formats import format_interval, format_number, is_missing


@dataclass(frozen=True)
class AircraftDistances:
    """Runway that a type needs at its greatest mass: sea level, standard day, no wind, hard, level, dry runway.

    Attributes
    ----------
    name : str
    mass_kg : float
    roll_m : float
        The longer of the ground rolls of take-off and landing.
    take_off_m, landing_m : float
        Over an obstacle of 15 m (50 ft).
    """

    name: str
    mass_kg: float
    roll_m: float
    take_off_m: float
    landing_m: float


CESSNA_206 = AircraftDistances("Cessna 206H", mass_kg=1633, roll_m=277, take_off_m=567, landing_m=425)
"""Published handbook figures of the type at 3,600 lb: take-off roll 910 ft, landing roll 735 ft, take-off over 50 ft
1,860 ft, landing over 50 ft 1,395 ft. Repeated, with their assumptions, at
https://www.ynyoo.com/transportation/air-travel/36557.html; the last two also at
https://www.techno-science.net/glossaire-definition/Cessna-206.html."""


def compare_length(
    row: pd.Series[Any], messages: Messages, *, aircraft: AircraftDistances = CESSNA_206
) -> tuple[str, ...]:
    """Set the measured length beside the published distances of an aircraft type.

    Parameters
    ----------
    row : Series
        Of the strips table.
    messages : Messages
    aircraft : AircraftDistances

    Returns
    -------
    tuple of str
        What was measured, what the type needs under which assumptions, where the strip is known not to meet them, and
        that length does not tell use.
    """
    reach = (aircraft.roll_m, aircraft.landing_m, aircraft.take_off_m)
    met = sum(bool(row["length_m"] >= needed_m) for needed_m in reach)
    measured = format_interval(row["length_m"], row["length_lo_m"], row["length_hi_m"], messages, unit="m")
    roll, landing, take_off = (format_number(needed_m, messages, unit="m") for needed_m in reach)
    return (
        messages.say(f"aircraft.{('below', 'roll', 'landing', 'both')[met]}", length=measured, aircraft=aircraft.name),
        messages.say(
            "aircraft.figures",
            roll=roll,
            landing=landing,
            take_off=take_off,
            mass=format_number(aircraft.mass_kg, messages, unit="kg"),
        ),
        *_say_terrain(row, messages),
        messages.say("aircraft.limit"),
    )


def _say_terrain(row: pd.Series[Any], messages: Messages) -> tuple[str, ...]:
    """Say how high the strip lies and how it slopes, where that is known: by how much it lengthens a run is not."""
    if is_missing(row["elevation_m"]):
        return ()
    elevation = format_number(row["elevation_m"], messages, unit="m")
    if is_missing(row["slope_percent"]):
        return (messages.say("aircraft.elevation", elevation=elevation),)
    slope = format_number(row["slope_percent"], messages, digits=1, unit="%")
    return (messages.say("aircraft.slope", elevation=elevation, slope=slope),)
