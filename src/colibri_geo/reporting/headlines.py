"""What a run says of itself in a line each, in a notebook: its dates, what was looked at, what was found."""

from __future__ import annotations

import pandas as pd

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.language import ENGLISH
from colibri_geo.language.formats import format_share


def name_run(record: RunRecord) -> str:
    """Name a run by what it looked for and its two days."""
    return f"Candidate cleared strips, {record.before.acquired[:10]} to {record.after.acquired[:10]}"


def tell_observed(observed: pd.DataFrame) -> str:
    """Say how much of what was asked was observed.

    Parameters
    ----------
    observed : DataFrame
        The observed table of a run; its first row is everything.

    Examples
    --------
    >>> observed = pd.DataFrame({"asked_km2": [64.0], "observed_km2": [51.2], "observed_share": [0.8]})
    >>> tell_observed(observed).replace(chr(160), " ")
    '51.2 of 64.0 km² asked were observed on both dates (80.0 %).'
    """
    whole = observed.iloc[0]
    share = format_share(float(whole["observed_share"]), ENGLISH)
    return f"{whole['observed_km2']:,.1f} of {whole['asked_km2']:,.1f} km² asked were observed on both dates ({share})."


def count_verdicts(strips: pd.DataFrame) -> str:
    """Count strips by verdict in words.

    Examples
    --------
    >>> count_verdicts(pd.DataFrame({"verdict": ["unchanged", "new", "new"]}))
    'Candidate cleared strips: 2 new, 1 unchanged.'
    >>> count_verdicts(pd.DataFrame({"verdict": []}))
    'No candidate cleared strip was found on the ground that was observed.'
    """
    counts = {verdict: int((strips["verdict"] == verdict).sum()) for verdict in VERDICTS}
    words = ", ".join(f"{count} {say_verdict(verdict)}" for verdict, count in counts.items() if count)
    none = "No candidate cleared strip was found on the ground that was observed."
    return f"Candidate cleared strips: {words}." if words else none


def say_verdict(verdict: str) -> str:
    """Write a verdict as words."""
    return verdict.replace("_", " ")
