"""Which column names a region and which holds its code, in the layers that are known here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from colibri_geo.errors import VectorError
from colibri_geo.layers.spelling import MAX_NAME_CHARS, check_length, clean_name, cut_name, unscramble

LEVELS = ("country", "admin1", "admin2")

# Sources in this order: colibri_geo, DANE (Colombia), IBGE (Brazil), INEI (Peru), INEC (Ecuador), GADM, OCHA, Natural
# Earth, geoBoundaries, plain words. All in lower case; a column counts where it is there and filled.
_NAMES = {
    "country": (
        *("country", "name_0", "adm0_es", "adm0_pt", "adm0_fr", "adm0_en", "admin", "name_long"),
        *("shapename", "name", "nombre", "nome", "nom", "pais", "país"),
    ),
    "admin1": (
        *("admin1", "dpto_cnmbr", "nm_uf", "nombdep", "dpa_despro", "name_1"),
        *("adm1_es", "adm1_pt", "adm1_fr", "adm1_en"),
        *("shapename", "name", "nombre", "nome", "nom", "departamento", "estado", "provincia"),
    ),
    "admin2": (
        *("admin2", "mpio_cnmbr", "nm_mun", "nm_municip", "nombprov", "dpa_descan", "name_2"),
        *("adm2_es", "adm2_pt", "adm2_fr", "adm2_en"),
        *("shapename", "name", "nombre", "nome", "nom", "municipio", "município"),
    ),
}  # fmt: skip
_CODES = {
    "country": (
        *("country_code", "gid_0", "adm0_pcode", "adm0_a3", "iso_a3", "iso3", "shapeiso", "shapegroup"),
        *("code", "codigo", "código", "cod", "id"),
    ),
    "admin1": (
        *("admin1_code", "dpto_ccdgo", "cd_uf", "iddpto", "dpa_provin", "gid_1", "adm1_pcode", "iso_3166_2"),
        *("shapeiso", "shapeid", "code", "codigo", "código", "cod", "id"),
    ),
    "admin2": (
        *("admin2_code", "mpio_ccnct", "mpio_cdpmp", "cd_mun", "cd_geocmu", "idprov", "dpa_canton"),
        *("gid_2", "adm2_pcode"),
        *("shapeiso", "shapeid", "code", "codigo", "código", "cod", "id"),
    ),
}  # fmt: skip
# The region above, as (name, code) columns; here every name must mean that level and nothing else.
_PARENTS = {
    "country": (
        ("country", "country_code"), ("name_0", "gid_0"), ("adm0_es", "adm0_pcode"), ("adm0_pt", "adm0_pcode"),
        ("adm0_en", "adm0_pcode"), ("admin", "adm0_a3"), ("", "shapegroup"),
    ),
    "admin1": (
        ("admin1", "admin1_code"), ("dpto_cnmbr", "dpto_ccdgo"), ("nm_uf", "cd_uf"), ("nombdep", "iddpto"),
        ("dpa_despro", "dpa_provin"), ("name_1", "gid_1"), ("adm1_es", "adm1_pcode"), ("adm1_pt", "adm1_pcode"),
        ("adm1_en", "adm1_pcode"),
    ),
}  # fmt: skip
# Of features that are no regions.
_PLAIN = {
    "name": (
        *("name", "nombre", "nome", "nom", "name_es", "name_pt", "name_fr", "name_en", "shapename"),
        *("terrai_nom", "nome_uc", "etiqueta", "label"),
    ),
    "code": ("code", "codigo", "código", "cod", "icao", "oaci", "ident", "id"),
}  # fmt: skip

_HINT = "name the right column as LEVEL=FILE:NAME:CODE, or take it out of a copy"
_PLAIN_HINT = "take that column out of a copy"


@dataclass(frozen=True)
class Labels:
    """Names and codes of the features of one layer, in its order, and of the regions above where it tells.

    Attributes
    ----------
    table : DataFrame
        ``name``, ``code`` where that was asked for, and of regions for each level above ``country`` or ``admin1`` with
        its ``_code``; "" where unknown.
    notes : tuple of str
    """

    table: pd.DataFrame
    notes: tuple[str, ...] = ()


def read_labels(
    frame: pd.DataFrame, level: str, *, name: str | None = None, code: str | None = None, source: str
) -> Labels:
    """Read names and codes from the attributes of a layer.

    Parameters
    ----------
    frame : DataFrame
        Attributes.
    level : str
        ``country``, ``admin1`` or ``admin2``.
    name, code : str, optional
        Columns; by default the well-known ones are looked for.
    source : str
        Name of the layer for messages.

    Returns
    -------
    Labels

    Raises
    ------
    VectorError
        Where a column is not there, the name cannot be told, a code is too long, or names that stand for codes would be
        the same once cut.
    EncodingError
        Where names lost characters.
    """
    texts = read_texts(frame)
    name_column = _pick(name, _NAMES[level], texts, frame, source=source)
    code_column = _pick(code, _CODES[level], texts, frame, source=source, complete=True)
    if name_column is None:
        raise VectorError(
            f"{source}: no column known to hold names of {level}, has {_list(frame.columns)}; "
            "name it as LEVEL=FILE:NAME:CODE"
        )
    notes: list[str] = []
    values = {"name": texts[name_column], "code": _blank(frame) if code_column is None else texts[code_column]}
    if code_column is None:
        notes.append("no column known to hold codes: the regions have none")
    values |= _read_parents(level, texts, frame)
    table = pd.DataFrame(values, index=frame.index).astype(object)
    repaired = table.map(unscramble)
    if scrambled := int((repaired["name"] != table["name"]).sum()):
        notes.append(
            f"{scrambled} name(s) had been decoded with the wrong table and were put right, as NariÃ±o to Nariño"
        )
    checked = _check(repaired, names_differ=code_column is None, hint=_HINT, source=source)
    return Labels(checked.table, (*notes, *checked.notes))


def read_plain_labels(frame: pd.DataFrame, *labels: str, source: str) -> Labels:
    """Read the names, or codes too, of features that need have neither, such as rivers.

    Parameters
    ----------
    frame : DataFrame
        Attributes.
    *labels : str
        ``name``, ``code``: what is read; a column that nobody asks for is not judged.
    source : str
        Name of the layer for messages.

    Returns
    -------
    Labels

    Raises
    ------
    VectorError, EncodingError
        Where a code is too long to be one, or names lost characters.
    """
    texts = read_texts(frame)
    columns = {label: _pick(None, _PLAIN[label], texts, frame, source=source) for label in labels}
    values = {label: _blank(frame) if column is None else texts[column] for label, column in columns.items()}
    table = pd.DataFrame(values, index=frame.index).astype(object).map(unscramble)
    return _check(table, names_differ=False, hint=_PLAIN_HINT, source=source)


def _check(table: pd.DataFrame, *, names_differ: bool, hint: str, source: str) -> Labels:
    """Clean names and codes, and cut names that are too long; codes are not, two of them could become equal."""
    clean = table.map(lambda text: clean_name(text, source=source))
    for column in (column for column in clean if str(column).endswith("code")):
        for text in clean[column]:
            check_length(text, source=source, kind="code", hint=hint)
    cut = clean.map(cut_name)
    if names_differ and cut["name"].nunique() < clean["name"].nunique():
        raise VectorError(
            f"{source}: names of more than {MAX_NAME_CHARS} characters begin alike, expected some that still differ "
            f"when they are cut, or codes; {hint}"
        )
    long = {text for column in clean for text in clean[column] if len(text) > MAX_NAME_CHARS}
    notes = (f"{len(long)} name(s) of more than {MAX_NAME_CHARS} characters were cut",) if long else ()
    return Labels(cut, notes)


def read_texts(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return all attributes as text, by the names of their columns in small letters."""
    names = {str(column).lower(): str(column) for column in frame.columns if str(column).lower() != "geometry"}
    return {lowered: _to_text(frame[column]) for lowered, column in names.items()}


def _pick(
    given: str | None,
    known: Sequence[str],
    texts: dict[str, pd.Series],
    frame: pd.DataFrame,
    *,
    source: str,
    complete: bool = False,
) -> str | None:
    """Return the column that was named, else the first known one that is filled (`complete`: in every row)."""
    if given is not None:
        if given.lower() not in texts:
            raise VectorError(f"{source}: no column {given!r}, has {_list(frame.columns)}; name one of these")
        return given.lower()
    for column in known:
        if column in texts:
            filled = texts[column] != ""
            if filled.all() if complete else filled.any():
                return column
    return None


def _read_parents(level: str, texts: dict[str, pd.Series], frame: pd.DataFrame) -> dict[str, pd.Series]:
    values: dict[str, pd.Series] = {}
    for parent in LEVELS[: LEVELS.index(level)]:
        pair = next(
            ((name, code) for name, code in _PARENTS[parent] if code in texts and name in {"", *texts}), ("", "")
        )
        values[parent] = texts.get(pair[0], _blank(frame))
        values[f"{parent}_code"] = texts.get(pair[1], _blank(frame))
    return values


def _blank(frame: pd.DataFrame) -> pd.Series:
    return pd.Series("", index=frame.index, dtype=object)


def _to_text(values: pd.Series) -> pd.Series:
    return pd.Series([_format(value) for value in values], index=values.index, dtype=object)


def _format(value: object) -> str:
    """Write a value as text: a whole number has no decimals, what is missing is empty."""
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, float):
        return "" if value != value else f"{value:.0f}" if value.is_integer() else str(value)  # noqa: PLR0124 - NaN
    return str(value).strip()


def _list(columns: object) -> str:
    names = [str(column) for column in columns if str(column) != "geometry"]  # type: ignore[attr-defined]
    return ", ".join(names[:12]) + (", ..." if len(names) > 12 else "") if names else "no columns"
