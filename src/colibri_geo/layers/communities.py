"""Which features are of people, or of health: told by words, for layers are called as each author likes.

The words hold back who would act on a strip that a community needs. A note too many costs a question; one that is
missing may cost a clinic its way in. So words are taken widely, in Spanish, Portuguese, French and English.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import numpy as np
import pandas as pd

from colibri_geo.layers.columns import read_texts

BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

# Anywhere in a text, so that each stands for its forms, and for names such as "terrasindigenas". Parks and reserves are
# no people by themselves: a reserve counts where another word says whose it is.
_PARTS = (
    # Land of peoples, and the words of laws and registers for it (PE, CO, BR, GY, GF).
    *("indigen", "autochton", "aborig", "amerindi", "resguardo", "cabildo", "parcialidad", "quilomb", "palenque"),
    *("territor", "territoir", "ancestral", "tradicional", "tradition", "extrativista", "campesin", "tribal"),
    *("ethni", "etnic", "originari", "first nation", "afro", "maroon"),
    # Those who live and decide together: communities and their councils.
    *("communit", "communaut", "communal", "comunidad", "comunit", "comuna"),
    # Where people live, from towns to single homes.
    *("settlement", "asentamient", "assentament", "village", "aldea", "aldeia", "hamlet", "hameau", "caserio"),
    *("pobla", "povoa", "populac", "populat", "rancheria", "ribeirinh", "localidad", "localite", "urban", "ciudad"),
    *("corregimient", "dwelling", "vivienda", "habitation", "neighbourhood", "neighborhood", "campement"),
    # Health, whoever gives it.
    *("health", "salud", "saude", "hospital", "hopita", "clinic", "clinique", "dispens", "medica", "medico"),
    *("medecin", "doctor", "enfermer", "infirm", "ambulator", "pharmac", "farmac", "matern", "sanitar", "sanitair"),
    *("consultorio", "sanatori"),  # a consultoria advises firms
    # Schools, boarding schools among them, and missions: what the first strips of many forests were cleared for.
    *("school", "escuela", "escola", "colegio", "college", "educa", "kindergarten", "missionar", "misioner"),
    *("church", "iglesia", "igreja", "eglise", "worship"),
)  # fmt: skip
# Alone, or with the s or es of many: within others they say nothing, as city in electricity, mission in transmission.
# A vereda is the least district of rural Colombia, with its people; that it is a pavement, or a palm swamp, elsewhere
# costs a note too many.
_WORDS = (
    *("people", "pueblo", "peuple", "povo", "tribe", "tribu", "etnia", "indian", "indio", "maloca", "ejido"),
    *("town", "city", "citie", "cidade", "ville", "vila", "villa", "vereda", "bairro", "barrio", "suburb"),
    *("commune", "bourg"),
    *("house", "casa", "maison", "residential", "residencial", "residentiel", "residentielle"),
    *("sante", "ecole", "lycee", "liceo", "internado", "mission", "mision", "missao", "missoe"),
)  # fmt: skip
# Alone, or with the s of many, for ties are none: terra indígena, comunidades nativas, tierra comunitaria de origen,
# territorio indígena originario campesino, reserva extrativista, zone de droits d'usage collectifs, unidade básica de
# saúde.
_SHORT_FORMS = ("ti", "ccnn", "tco", "tioc", "resex", "zduc", "ubs")
_PEOPLE = re.compile(rf"{'|'.join(_PARTS)}|\b(?:(?:{'|'.join(_WORDS)})(?:e?s)?|(?:{'|'.join(_SHORT_FORMS)})s?)\b")

_KINDS = (
    *("class", "clase", "fclass", "subclass", "categ", "subcateg", "kind", "type", "subtype", "tipo", "feature"),
    *("amenity", "place", "health", "building", "landuse", "boundary", "other_tags"),  # OpenStreetMap
    *("desig", "gov_type", "own_type", "modalid"),  # protected areas of the world, indigenous lands of Brazil
)  # fmt: skip
"""How names of columns begin that tell what a feature is."""


def tells_people(text: str) -> bool:
    """Tell whether a text has a word of people, of their land, their health or their schools.

    Parameters
    ----------
    text : str
        A name or a category, in any spelling: accents, case, and signs between words do not count.

    Returns
    -------
    bool

    Examples
    --------
    >>> [tells_people(text) for text in ("terras_indígenas", "ALDEAS", "Parque Nacional", "transmission lines")]
    [True, True, False, False]
    """
    return _PEOPLE.search(_fold(text).replace("_", " ")) is not None


def find_communities(layer: str, names: pd.Series, frame: pd.DataFrame) -> BoolArray:
    """Find the features that are of people, or of health.

    Parameters
    ----------
    layer : str
        Its name; where it tells people, all features are.
    names : Series of str
        Those of the features.
    frame : DataFrame
        Their attributes, in the same order; those count that tell what a feature is.

    Returns
    -------
    (N,) ndarray of bool
    """
    if tells_people(layer):
        return np.ones(len(frame), dtype=bool)
    texts = [names, *(texts for column, texts in read_texts(frame).items() if _fold(column).startswith(_KINDS))]
    found = np.zeros(len(frame), dtype=bool)
    for column in texts:
        found |= column.isin([text for text in column.unique() if tells_people(text)]).to_numpy(dtype=bool)
    return found


def _fold(text: str) -> str:
    """Return text without accents and case."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(sign))
