"""What a notebook shows of a run: what was found in how much of what was asked, then its table."""

from __future__ import annotations

import html
from dataclasses import dataclass

import pandas as pd

from colibri_geo.core.azimuths import round_azimuth
from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.describing import say_outcome
from colibri_geo.exporting.numbering import count_verdicts
from colibri_geo.exporting.ranking import rank_positions
from colibri_geo.exporting.wording import caution_for
from colibri_geo.language import Messages
from colibri_geo.language.formats import format_scene
from colibri_geo.layers.findings import Findings

_SHOWN = ("verdict", "probability", "length_m", "width_m", "azimuth_deg", "admin1", "admin2", "mgrs")
_FORMATS = {
    "probability": "{:.2f}".format, "length_m": "{:.0f}".format, "width_m": "{:.0f}".format,
    "azimuth_deg": lambda azimuth_deg: f"{round_azimuth(azimuth_deg, digits=1):.1f}",
}  # fmt: skip
_MOST_ROWS = 30


@dataclass(frozen=True, repr=False)
class RunView:
    """What a notebook shows of a run.

    Attributes
    ----------
    outcome : str
        What was found, and in how much of what was asked.
    markup : str
        The whole of it, as HTML.
    """

    outcome: str
    markup: str

    def __repr__(self) -> str:
        return f"<RunView: {self.outcome}>"

    def _repr_html_(self) -> str:
        return self.markup


def view_run(findings: Findings, record: RunRecord, messages: Messages) -> RunView:
    """Say what was found before the table, whose columns have the same names and values in every language.

    Its rows have the order of the report.

    Parameters
    ----------
    findings : Findings
    record : RunRecord
    messages : Messages

    Returns
    -------
    RunView
    """
    outcome = say_outcome(count_verdicts(findings.strips["verdict"]), findings.observed, record, messages)
    before, after = (
        messages.say("value.named", name=format_scene(scene.name, messages), code=scene.acquired)
        for scene in (record.before, record.after)
    )
    ranked = pd.DataFrame(findings.strips).iloc[rank_positions(findings.strips)]
    table = ranked[[name for name in _SHOWN if (ranked[name] != "").any()]]
    lines = (
        f"<b>{html.escape(messages.say('cover.page_title', before=before, after=after))}</b>",
        f"<b>{html.escape(outcome)}</b>",
        f"<i>{html.escape(caution_for(record, messages))}</i>",
    )
    shown = table.to_html(max_rows=_MOST_ROWS, formatters=_FORMATS, index_names=False) if len(table) else ""
    return RunView(outcome, f'<div lang="{messages.language}"><p>{"<br>".join(lines)}</p>{shown}</div>')
