"""``findings.csv``: one row a strip, for a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import geopandas as gpd
import pandas as pd

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.coordinates import format_mgrs, format_position, strip_centres
from colibri_geo.exporting.rows import plain_rows
from colibri_geo.exporting.wording import caution_for, spreadsheet_text
from colibri_geo.language.formats import one_line

CSV = "findings.csv"


def write_csv(strips: gpd.GeoDataFrame, record: RunRecord, path: Path) -> None:
    """Write all columns, with the ends and the centre in degrees, minutes and seconds and in MGRS.

    The text is UTF-8 with a byte order mark, without which Excel takes "NARIÑO" for another alphabet; lines end as on
    Unix; text is quoted, on one line without signs that hide or turn it, and made safe where a spreadsheet would take
    it for a formula.

    Parameters
    ----------
    strips : GeoDataFrame
        As `check_strips` accepts it.
    record : RunRecord
    path : Path
    """
    write_rows(pd.concat([plain_rows(strips), people_coordinates(strips)], axis=1), caution_for(record), path)


def write_rows(rows: pd.DataFrame, caution: str, path: Path) -> None:
    """Write plain rows as `plain_rows` gives them, each with the caution."""
    table = rows.assign(caution=caution)
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerow(spreadsheet_text(str(name)) for name in table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.itertuples(index=False))
    path.write_bytes(buffer.getvalue().encode("utf-8-sig"))


def people_coordinates(strips: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return where each strip lies in the forms that people pass on.

    Parameters
    ----------
    strips : GeoDataFrame
        As `check_strips` accepts it.

    Returns
    -------
    DataFrame
        ``centre_lon``, ``centre_lat`` in degrees; ``centre_dms``, ``end1_dms``, ``end2_dms``; ``end1_mgrs``,
        ``end2_mgrs`` (the column ``mgrs`` of the strips is the centre's); on the same index.
    """
    centres = strip_centres(strips)
    places = {
        "centre": list(zip(centres.x, centres.y, strict=True)),
        "end1": list(zip(strips["end1_lon"], strips["end1_lat"], strict=True)),
        "end2": list(zip(strips["end2_lon"], strips["end2_lat"], strict=True)),
    }
    columns: dict[str, list[float] | list[str]] = {
        "centre_lon": [round(lon, 7) for lon in centres.x],
        "centre_lat": [round(lat, 7) for lat in centres.y],
    }
    columns |= {f"{name}_dms": [format_position(*place) for place in found] for name, found in places.items()}
    columns |= {f"{name}_mgrs": [format_mgrs(*place) for place in places[name]] for name in ("end1", "end2")}
    return pd.DataFrame(columns, index=strips.index)


def _cell(value: object) -> object:
    if isinstance(value, str):
        return spreadsheet_text(one_line(value))
    return int(value) if isinstance(value, bool) else value
