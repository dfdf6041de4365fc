"""What a command says at its end about a run: what was looked at first, then what was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import colibri_geo

VERDICTS = ("new", "extended", "regrowing", "unchanged", "not_observed")


@dataclass(frozen=True)
class Summary:
    """A run in a few numbers."""

    out: str
    """Folder of the run, as it was asked for."""
    report: str | None
    """The report inside it, None when it was left out."""
    pdf: str | None
    """The report as a PDF, None when it was not asked for."""
    precision: str
    """Of the places in the folder: exact, or that of an edition."""
    before: str
    """Name and acquisition time of the before scene."""
    after: str
    """Name and acquisition time of the after scene."""
    asked_km2: float
    """Ground that the run was asked about."""
    observed_km2: float
    """Ground measured and clear on both dates."""
    observed_share: float
    """The second of the two over the first, in [0, 1]."""
    tiles: int | None
    """Into which a scan cut the ground, None where nothing was cut."""
    tile_px: int | None
    """Longest side of a tile, whole cells included: the number that --tile was rounded to."""
    verdicts: Mapping[str, int]
    """Candidate cleared strips by verdict."""
    notes: tuple[str, ...]
    """What was noticed about the scenes, the pair and the layers."""
    caution: str
    """How far the findings can be trusted."""

    def to_json(self) -> str:
        """Write the summary as one JSON object."""
        return json.dumps(asdict(self), indent=2)

    def to_text(self) -> str:
        """Write the summary for a reader: the ground that was looked at comes before any finding."""
        share = f"{self.observed_share:.1%} of {self.asked_km2:,.1f} km2 asked"
        looked_at = f"{self.observed_km2:,.1f} km2 observed on both dates ({share})"
        counts = ", ".join(f"{count} {verdict.replace('_', ' ')}" for verdict, count in self.verdicts.items())
        lines = [
            f"{self.before} -> {self.after}",
            f"Looked at: {looked_at}",
            f"Candidate cleared strips: {counts}",
        ]
        if not self.observed_km2:
            lines.append(f"Not observed: nothing can be said of the {self.asked_km2:,.1f} km2 asked.")
        elif not self.verdicts["new"] + self.verdicts["extended"]:
            lines.append(f"Nothing new found in {looked_at}.")
        if self.tiles:
            lines.append(f"Tiles: {self.tiles:,}, of {self.tile_px:,} px a side at most")
        lines += [f"Note: {note}" for note in self.notes]
        written = " and ".join(filter(None, (self.report, self.pdf)))
        lines.append(f"Report: {written}" if written else f"Written: {self.out}")
        if self.precision != "exact":
            lines.append(
                f"Edition ({self.precision}): it holds no exact position; without --precision the exact run is written."
            )
        return "\n".join([*lines, self.caution])


def summarize(run: colibri_geo.Run, folder: Path, *, report: bool, pdf: bool, precision: str) -> Summary:
    """Take from a run what its summary says.

    Parameters
    ----------
    run : Run
        The run, saved in `folder`.
    folder : Path
        Where it was saved.
    report : bool
        Whether a report was written.
    pdf : bool
        Whether it was written as a PDF too.
    precision : str
        With which it was saved: ``exact``, or that of an edition.

    Returns
    -------
    Summary
    """
    from colibri_geo.exporting import caution_for

    whole = run.observed.iloc[0]
    return Summary(
        out=str(folder),
        report=str(folder / "report.html") if report else None,
        pdf=str(folder / "report.pdf") if pdf else None,
        precision=precision,
        before=f"{run.before.name} ({run.before.acquired})",
        after=f"{run.after.name} ({run.after.acquired})",
        asked_km2=round(float(whole["asked_km2"]), 3),
        observed_km2=round(float(whole["observed_km2"]), 3),
        observed_share=round(float(whole["observed_share"]), 4),
        tiles=None if run.tiles is None else len(run.tiles),
        tile_px=None if run.tiles is None else int(run.tiles[["rows", "cols"]].to_numpy().max(initial=0)),
        verdicts={verdict: int(whole[verdict]) for verdict in VERDICTS},
        notes=(*_gather_notes(run), *_note_edition(run, precision)),
        caution=caution_for(run.record),
    )


def _gather_notes(run: colibri_geo.Run) -> tuple[str, ...]:
    """Everything that was noticed, each with what it is about; nothing twice."""
    notes = [f"{scene.name}: {note}" for scene in (run.before, run.after, *run.record.radar) for note in scene.notes]
    layers = [f"{layer.name}: {note}" for layer in run.record.layers for note in layer.notes]
    return tuple(dict.fromkeys([*notes, *run.pair.notes, *layers, *run.notes]))


def _note_edition(run: colibri_geo.Run, precision: str) -> tuple[str, ...]:
    """Say so where an edition of regions names none of its strips' regions."""
    if precision != "region":
        return ()
    from colibri_geo.exporting.editions import LEAST_KM2, make_edition
    from colibri_geo.layers.columns import LEVELS

    strips = make_edition(run.findings, run.record, precision).strips
    if not len(strips) or bool((strips[list(LEVELS)].to_numpy() != "").any()):
        return ()
    note = (
        f"the edition names no region: it names those of which at least {LEAST_KM2:g} km2 were observed, and a strip "
        "touches one that was observed on less"
    )
    return (note,)
