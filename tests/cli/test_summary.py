"""What a command says at its end."""

from __future__ import annotations

from colibri_geo.cli.summary import VERDICTS, Summary

STEERING = "a\x1b[2J\x07b\nc"
"""A file name that clears the terminal, rings its bell and begins a line of its own."""


def _summarize(*, report: str | None) -> Summary:
    return Summary(
        out=STEERING,
        report=report,
        pdf=report,
        precision="exact",
        before=STEERING,
        after=STEERING,
        asked_km2=2.0,
        observed_km2=1.0,
        observed_share=0.5,
        tiles=None,
        tile_px=None,
        verdicts=dict.fromkeys(VERDICTS, 1),
        notes=(f"{STEERING}: a note",),
        caution="Preliminary.",
    )


def test_names_cannot_steer_the_terminal() -> None:
    """Names of images, notes and places are printed as signs that can be seen, each on its one line."""
    for report, written in ((None, "Written: a [2J b c"), (STEERING, "Report: a [2J b c and a [2J b c")):
        lines = _summarize(report=report).to_text().split("\n")
        assert all(line.isprintable() for line in lines)
        assert lines[0] == "a [2J b c -> a [2J b c"
        assert lines[-3:] == ["Note: a [2J b c: a note", written, "Preliminary."]
