"""What a reader reads, in the reader's language: catalogues of texts, numbers, and sentences that a run recorded.

English stands in modules and costs nothing to load; other languages are catalogues in ``locale``, read when they are
asked for.
"""

from __future__ import annotations

from colibri_geo.language.catalogues import load_messages
from colibri_geo.language.messages import (
    CONFUSERS,
    ENGLISH,
    LANGUAGES,
    MAP_REASONS,
    NOT_ASKED,
    UNSEEN_REASONS,
    Messages,
)
from colibri_geo.language.recorded import Untranslated, translate

__all__ = [
    "CONFUSERS",
    "ENGLISH",
    "LANGUAGES",
    "MAP_REASONS",
    "NOT_ASKED",
    "UNSEEN_REASONS",
    "Messages",
    "Untranslated",
    "load_messages",
    "translate",
]
