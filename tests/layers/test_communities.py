"""Which features are of people, or of health."""

from __future__ import annotations

import pandas as pd
import pytest

from colibri_geo.layers.communities import find_communities, tells_people

PEOPLE = (
    *("terras_indigenas", "Terras Indígenas", "terrasindigenas", "TIs", "indigenous reserve", "autochtones", "Indian"),
    *("resguardos", "Resguardo Ñukanchi", "parcialidad", "amérindiens", "quilombolas", "PALENQUES", "territoires"),
    *("tierras comunales", "consejos_comunitarios", "comunidades", "communities", "communautés", "CCNN Yamino"),
    *("aldeas", "aldeias", "settlements", "asentamientos", "assentamentos", "villages", "hamlet", "hameaux"),
    *("centros poblados", "povoados", "populated_place", "localités", "isolated_dwelling", "pueblos", "vilas"),
    *("cities", "caseríos", "escuela", "Colegio", "barrios", "Campement Maripa", "communes", "bourgs", "place=bourg"),
    *("veredas", "Vereda El Porvenir", "Consultorio La Paz", "consultórios", "Sanatorio", "sanatorium", "TI Yanomami"),
    *("health", "salud", "saúde", "santé", "hospitales", "hôpitaux", "clínica", "clinique", "puesto médico", "UBS"),
    *("dispensaire", "farmacia", "school", "Escuela rural", "escolas", "écoles", "collège", "misiones", "missões"),
)  # fmt: skip
NOT_PEOPLE = (
    *("rivers", "ríos", "roads", "vías", "transmission lines", "electricity", "capacidade", "protected", "parks"),
    *("áreas protegidas", "Parque Nacional Natural La Paya", "Reserva Biológica", "reserves", "mines", "pozos", "dam"),
    *("Avenida Presidente Vargas", "Santa Teresa", "fuel", "bridge", "estación de medición", "heliport", "", "3"),
    *("railroad ties", "warehouse", "warehouses", "Consultoría Ambiental", "Cherbourg"),
)  # fmt: skip


@pytest.mark.parametrize("text", PEOPLE)
def test_words_of_people_are_known(text: str) -> None:
    """Peoples, communities, health and schools are known in four languages, in any case, number and spelling."""
    assert tells_people(text)


@pytest.mark.parametrize("text", NOT_PEOPLE)
def test_other_words_are_none(text: str) -> None:
    """Parks, rivers and lines are no people, nor are words that hold one by chance."""
    assert not tells_people(text)


@pytest.mark.parametrize("column", ["amenity", "Categoría", "fclass", "TIPO_AREA", "desig_eng", "other_tags"])
def test_what_a_feature_is_counts(column: str) -> None:
    """A name counts, and what the columns of kinds hold; a layer of people is of people as a whole."""
    names = pd.Series(["Hospital", "x", "x", ""])
    frame = pd.DataFrame({column: [None, "aldea", "bridge", "x"], "source": "hospital"})
    assert find_communities("pois", names, frame).tolist() == [True, True, False, False]
    assert find_communities("salud", names, frame).tolist() == [True] * 4
