"""What a command says at its end about a run: what was looked at first, then what was found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from colibri_geo.cli.printing import to_printable

if TYPE_CHECKING:
    import geopandas as gpd

    import colibri_geo
    from colibri_geo.exporting import Edition
    from colibri_geo.pipeline.saving import Saved

VERDICTS = ("new", "extended", "regrowing", "unchanged", "not_observed")


@dataclass(frozen=True)
class Summary:
    """A run in a few numbers."""

    out: str
    """Folder of the run, as it was asked for."""
    report: str | None
    """The report inside it, None when it was left out."""
    pdf: str | None
    """The report as a PDF, None when it was not asked for or could not be laid out."""
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
        return "\n".join(map(to_printable, [*lines, self.caution]))


def conclude(run: colibri_geo.Run, saved: Saved, *, as_json: bool) -> None:
    """Print what was found and where it stands; where a PDF could not be laid out the command ends with that.

    Raises
    ------
    LayoutError
        The one that kept the PDF from being there.
    """
    summary = summarize(run, saved)
    click.echo(summary.to_json() if as_json else summary.to_text())
    if saved.lost is not None:
        raise saved.lost


def summarize(run: colibri_geo.Run, saved: Saved) -> Summary:
    """Take from a run, and from what was written of it, what its summary says."""
    from colibri_geo.exporting import caution_for

    whole = run.observed.iloc[0]
    return Summary(
        out=str(saved.folder),
        report=None if saved.report is None else str(saved.report),
        pdf=None if saved.pdf is None else str(saved.pdf),
        precision="exact" if saved.edition is None else saved.edition.precision,
        before=f"{run.before.name} ({run.before.acquired})",
        after=f"{run.after.name} ({run.after.acquired})",
        asked_km2=round(float(whole["asked_km2"]), 3),
        observed_km2=round(float(whole["observed_km2"]), 3),
        observed_share=round(float(whole["observed_share"]), 4),
        tiles=None if run.tiles is None else len(run.tiles),
        tile_px=None if run.tiles is None else _measure_tiles(run.tiles),
        verdicts={verdict: int(whole[verdict]) for verdict in VERDICTS},
        notes=(*_gather_notes(run), *_note_edition(saved.edition)),
        caution=caution_for(run.record),
    )


def _measure_tiles(tiles: gpd.GeoDataFrame) -> int:
    from colibri_geo.core.windows import Window
    from colibri_geo.scanning.tiles import find_side

    return find_side(Window(*place) for place in tiles[["row", "col", "rows", "cols"]].itertuples(index=False))


def _gather_notes(run: colibri_geo.Run) -> tuple[str, ...]:
    """Everything that was noticed, each with what it is about; nothing twice."""
    notes = [f"{scene.name}: {note}" for scene in (run.before, run.after, *run.record.radar) for note in scene.notes]
    layers = [f"{layer.name}: {note}" for layer in run.record.layers for note in layer.notes]
    return tuple(dict.fromkeys([*notes, *run.pair.notes, *layers, *run.notes]))


def _note_edition(edition: Edition | None) -> tuple[str, ...]:
    """Say so where an edition of regions names none of its strips' regions."""
    if edition is None or edition.precision != "region":
        return ()
    from colibri_geo.exporting.editions import LEAST_KM2
    from colibri_geo.layers.columns import LEVELS

    if not len(edition.strips) or bool((edition.strips[list(LEVELS)].to_numpy() != "").any()):
        return ()
    note = (
        f"the edition names no region: each strip lies outside all regions given, or one that some strip touches was "
        f"observed on less than the {LEAST_KM2:g} km2 from which a region is named"
    )
    return (note,)
