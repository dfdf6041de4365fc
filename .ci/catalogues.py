"""Bring the catalogues of translations in step with the English texts.

Usage: ``.venv/bin/python .ci/catalogues.py``. Entries stand in the order of the English texts. What is missing is added
without a translation, what is no longer used is dropped, and where the English text has changed the translation is
emptied: the tests name each entry that waits for a translator.
"""

from __future__ import annotations

import json
from pathlib import Path

from colibri_geo.language import ENGLISH, LANGUAGES
from colibri_geo.language.catalogues import read_catalogue

FOLDER = Path(__file__).resolve().parents[1] / "src" / "colibri_geo" / "language" / "locale"
WIDTH = 110


def write_catalogue(language: str, translations: dict[str, str]) -> str:
    """Write a catalogue with an entry for each English text, without a clock and without names."""
    head = [
        f"Language: {language}\n",
        "MIME-Version: 1.0\n",
        "Content-Type: text/plain; charset=UTF-8\n",
        "Content-Transfer-Encoding: 8bit\n",
    ]
    entries = ["\n".join(('msgid ""', 'msgstr ""', *(_quote(line) for line in head)))]
    for key, english in ENGLISH.texts.items():
        flag = ["#, python-brace-format"] if "{" in english else []
        entry = [*flag, f"msgctxt {_quote(key)}", _lay_out("msgid", english)]
        entries.append("\n".join((*entry, _lay_out("msgstr", translations.get(key, "")))))
    return "\n\n".join(entries) + "\n"


def keep_translations(catalogue: str) -> dict[str, str]:
    """Return the translations whose English text is still the same."""
    translated_from = read_catalogue(catalogue, part="msgid")
    return {
        key: text for key, text in read_catalogue(catalogue).items() if translated_from[key] == ENGLISH.texts.get(key)
    }


def _lay_out(part: str, text: str) -> str:
    """Write a text on one line where it fits, else on lines of its own."""
    line = f"{part} {_quote(text)}"
    if len(line) <= WIDTH:
        return line
    words = text.replace(" ", " \n").split("\n")  # by spaces alone: those that do not break stay as they are
    lines = [""]
    for word in words:
        lines.append(word) if len(_quote(lines[-1] + word)) > WIDTH else lines.append(lines.pop() + word)
    return "\n".join((f'{part} ""', *(_quote(part) for part in lines)))


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


if __name__ == "__main__":
    for language in LANGUAGES:
        if language != ENGLISH.language:
            path = FOLDER / language / "LC_MESSAGES" / "colibri_geo.po"
            kept = keep_translations(path.read_text(encoding="utf-8")) if path.exists() else {}
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(write_catalogue(language, kept), encoding="utf-8")
