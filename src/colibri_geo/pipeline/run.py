"""One comparison: its inputs, its settings, its tables; saved to a folder and read back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from colibri_geo.arguments import take_path
from colibri_geo.errors import NotARun, OutputError, SettingsError
from colibri_geo.evidence import PairRecord, RunRecord, SceneRecord, StepTiming, read_manifest
from colibri_geo.evidence.manifest import take_folder
from colibri_geo.language import load_messages
from colibri_geo.language.formats import one_line
from colibri_geo.layers.aoi import Aoi
from colibri_geo.layers.findings import Findings
from colibri_geo.pairs import AlignedPair

if TYPE_CHECKING:
    from colibri_geo.pipeline.showing import RunView
    from colibri_geo.reporting import Overview
    from colibri_geo.reporting.exploring import StripMap

_MOST_NAMED, _NAME_LETTERS = 12, 40
"""Strips of a run that an error names one by one."""


@dataclass(frozen=True, repr=False)
class Run:
    """One comparison of two images.

    Attributes
    ----------
    record : RunRecord
        Inputs, measurements, settings, versions.
    findings : Findings
        The tables.
    aligned : AlignedPair or None
        The pair itself, for pictures; None in a run that was read back.
    area : Aoi or None
        The area of interest, for rasters; None where there is none, and in a run that was read back.
    timings : tuple of StepTiming
    notes : tuple of str
        What a reader of the tables has to know, one sentence each.
    tiles : GeoDataFrame or None
        Of a scan: a row a tile with its place, ``asked_px``, ``observed_px``, ``observed_share``, and ``candidates``,
        how many were measured, likely or not.
    """

    record: RunRecord
    findings: Findings
    aligned: AlignedPair | None = None
    area: Aoi | None = None
    timings: tuple[StepTiming, ...] = ()
    notes: tuple[str, ...] = ()
    tiles: gpd.GeoDataFrame | None = None

    @property
    def strips(self) -> gpd.GeoDataFrame:
        """One row a candidate cleared strip."""
        return self.findings.strips

    @property
    def observed(self) -> pd.DataFrame:
        """How much of each region was asked about and observed; the first row is everything."""
        return self.findings.observed

    @property
    def not_observed(self) -> gpd.GeoDataFrame:
        """Where the ground was not observed, and why."""
        return self.findings.not_observed

    @property
    def before(self) -> SceneRecord:
        """The earlier scene."""
        return self.record.before

    @property
    def after(self) -> SceneRecord:
        """The later scene."""
        return self.record.after

    @property
    def pair(self) -> PairRecord:
        """What was measured between the scenes."""
        return self.record.pair

    def save(
        self,
        out: str | Path,
        *,
        overwrite: bool = False,
        rasters: bool = False,
        report: bool = True,
        pdf: bool = False,
        lang: str = "en",
        precision: str = "exact",
    ) -> Path:
        """Write the folder of the run, whole or not at all.

        Parameters
        ----------
        out : str or Path
            Folder to make; what lies above it is made too.
        overwrite : bool
            Replace the folder where it holds an earlier run, with no file that the run did not write and none that was
            changed since: they would be lost.
        rasters : bool
            Write ``change.tif`` and ``validity.tif`` too.
        report : bool
            Write ``report.html``, and ``findings.kmz`` with its pictures.
        pdf : bool
            Write the report as ``report.pdf`` too; needs the extra ``pdf``.
        lang : {"en", "es", "pt", "fr"}
            Language of the files for readers (report, map, waypoints, message, form). Tables and manifest are the same
            in each.
        precision : {"exact", "5km", "region"}
            An edition for wider audiences in place of the run itself: positions as squares of at least 5 km, or no
            more than the names of regions. It needs no pixels, so a run that was read back has editions too.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        OutputError
            The folder exists or cannot be written; or pictures are asked of a run that was read back and has no pixels.
        ConfigError
            There is no such language.
        SettingsError
            `out` is no path; there is no such precision; rasters are asked of an edition; names of regions of a run
            that was given none; or a PDF without the report.
        MissingExtra
            A PDF is asked for, and typst is not installed.
        LayoutError
            typst cannot lay the PDF out; the folder is there, without it.
        """
        from colibri_geo.pipeline.saving import save_run

        saved = save_run(
            self,
            take_path(out, argument="out", expected="the path of a new folder; correct it"),
            overwrite=overwrite,
            rasters=rasters,
            report=report,
            pdf=pdf,
            lang=lang,
            precision=precision,
        )
        if saved.lost is not None:
            raise saved.lost
        return saved.folder

    def name_in_edition(self, precision: str) -> pd.Series[Any]:
        """Return the name that each strip has in an edition: for who made it, when feedback on the edition comes back.

        Parameters
        ----------
        precision : {"5km", "region"}

        Returns
        -------
        Series of str
            On the index of the strips.

        Raises
        ------
        SettingsError
            There is no such edition.
        """
        from colibri_geo.exporting.editions import make_edition

        edition = make_edition(self.findings, self.record, precision)
        names = pd.Series(edition.strips.index, index=pd.Index(edition.originals, name="strip_id"))
        return names.reindex(self.strips.index).rename("edition_id")

    def __repr__(self) -> str:
        return f"<Run: {self.before.name} to {self.after.name}, {len(self.strips)} candidate cleared strips>"

    def plot(self, axes: Any = None, *, lang: str = "en") -> Any:  # noqa: ANN401 - of matplotlib, an extra
        """Draw the run on a map: strips by verdict, regions, unseen ground; needs the extra ``notebook``.

        Strips have the numbers of the report, which `plot_strip` takes too. The after image lies behind them, unless
        the run was read back and has no pixels.

        Parameters
        ----------
        axes : matplotlib Axes, optional
            To draw on; new ones by default.
        lang : {"en", "es", "pt", "fr"}
            Language of the map.

        Returns
        -------
        matplotlib Axes
            In the CRS of the pair's grid, ``run.pair.crs``: bring your own layers there to draw on top.

        Raises
        ------
        ConfigError
            There is no such language.
        MissingExtra
            Where matplotlib is not installed.
        """
        from colibri_geo.reporting.figures import plot_findings

        messages = load_messages(lang)
        return plot_findings(self.findings, self.record, self._overview(), axes, messages=messages)

    def plot_strip(self, strip_id: str | int, *, lang: str = "en") -> Any:  # noqa: ANN401 - of matplotlib, an extra
        """Draw one strip: before, after and change, with its profiles across and along; needs the extra ``notebook``.

        Parameters
        ----------
        strip_id : str or int
            Its name in the index of `strips`, or its number in the report, from 1.
        lang : {"en", "es", "pt", "fr"}
            Language of the figure.

        Returns
        -------
        matplotlib Figure
            A notebook shows it when a cell ends with it; elsewhere use its ``savefig``.

        Raises
        ------
        SettingsError
            The run has no such strip.
        OutputError
            The run was read back and has no pixels.
        ConfigError
            There is no such language.
        MissingExtra
            Where matplotlib is not installed.
        """
        from colibri_geo.reporting.figures import plot_strip

        strip = self._find_strip(strip_id)
        if self.aligned is None:
            raise OutputError(
                f"{self.after.name}: this run was read back and has no pixels for pictures; compare again, or use "
                "run.plot() and run.explore(), which need none"
            )
        return plot_strip(self.aligned, strip, messages=load_messages(lang))

    def _find_strip(self, strip_id: str | int) -> pd.Series[Any]:
        """Find a strip by its name, else by its number in the report."""
        strip: pd.Series[Any]
        if strip_id in self.strips.index:
            strip = self.strips.loc[strip_id]
        elif isinstance(strip_id, (int, np.integer)) and 1 <= strip_id <= len(self.strips):
            from colibri_geo.exporting.ranking import rank_positions

            strip = self.strips.iloc[rank_positions(self.strips)[strip_id - 1]]
        else:
            raise SettingsError(
                f"strip {str(strip_id)[:_NAME_LETTERS]!r} is not in this run, {_say_strips(self.strips.index)}"
            )
        return strip

    def explore(self, *, lang: str = "en") -> StripMap:
        """Show the run on a map to move about in; a click on a strip tells what its sheet in the report tells.

        Strips have the numbers of the report. The map is one page that fetches nothing: it works without a network, and
        ``save(path)`` writes it for any browser. Where there is a network and folium is installed,
        ``run.strips.explore()`` lays the strips over street maps or imagery of others.

        Parameters
        ----------
        lang : {"en", "es", "pt", "fr"}
            Language of the map.

        Returns
        -------
        StripMap

        Raises
        ------
        ConfigError
            There is no such language.
        """
        from colibri_geo.reporting.exploring import draw_strip_map

        return draw_strip_map(self.findings, self.record, self._overview(), messages=load_messages(lang))

    def _overview(self) -> Overview | None:
        from colibri_geo.reporting.pictures import overview_picture

        return None if self.aligned is None else overview_picture(self.aligned)

    def show(self, *, lang: str = "en") -> RunView:
        """Say in a notebook what was found in how much of what was asked, above the table: what a run alone shows.

        Parameters
        ----------
        lang : {"en", "es", "pt", "fr"}
            Language of what stands above the table; its columns have the same names and values in each.

        Returns
        -------
        RunView

        Raises
        ------
        ConfigError
            There is no such language.
        """
        from colibri_geo.pipeline.showing import view_run

        return view_run(self.findings, self.record, load_messages(lang))

    def _repr_html_(self) -> str:
        """Show the run in a notebook, in English; `show` has other languages."""
        return self.show()._repr_html_()


def _say_strips(names: pd.Index[Any]) -> str:
    """Say which strips a run has: each by its name where they are few, and the numbers that the report gives them."""
    if names.empty:
        return "which found none"
    shown = [one_line(str(name))[:_NAME_LETTERS] for name in names[:_MOST_NAMED]]
    known = ", ".join(shown) if len(names) <= _MOST_NAMED else f"one of {len(names):,}, such as {shown[0]}"
    return f"expected {known}, or a number of the report, 1 to {len(names):,}"


def read_run(folder: str | Path) -> Run:
    """Read a run back from its folder.

    Parameters
    ----------
    folder : str or Path

    Returns
    -------
    Run
        Without pixels: its tables and its record.

    Raises
    ------
    SettingsError
        Something that is no path.
    NotARun
        The folder holds no run, a damaged one, one whose tables were edited, added or removed, or an edition of one.
    """
    from colibri_geo.exporting import TABLE_FILES, read_tables, read_tiles

    folder = take_folder(folder)
    record = read_manifest(folder, files=TABLE_FILES)
    if record.precision != "exact":
        raise NotARun(
            f"{folder}: holds the edition {record.precision} of a run, expected the run itself with exact positions; "
            "read its tables from findings.gpkg, or ask who made it for the run"
        )
    return Run(record, read_tables(folder), tiles=read_tiles(folder))
