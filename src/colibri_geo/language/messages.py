"""The texts of one language, and how it writes numbers and dates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from colibri_geo.language import english, english_field, english_method, english_recorded

LANGUAGES = ("en", "es", "pt", "fr")

CONFUSERS = (
    "road",
    "river",
    "field_edge",
    "cloud_edge",
    "power_line",
    "seam",
    "misregistration",
    "none",
)
UNSEEN_REASONS = ("cloud", "shadow", "saturation", "nodata", "outside")
NOT_ASKED = "not_asked"
"""What a map leaves blank: it is no reason for which ground was not observed."""
MAP_REASONS = (*UNSEEN_REASONS, NOT_ASKED)


@dataclass(frozen=True)
class Messages:
    """The texts of one language, and how it writes numbers.

    Attributes
    ----------
    language : str
        BCP 47, for the `lang` of the page.
    texts : mapping of str to str
    decimal, thousands : str
    zero_is_one : bool
        Whether none of a thing is counted as one of it is ("0 bande").

    Notes
    -----
    Signs and rules are those of the Unicode Common Locale Data Repository (https://cldr.unicode.org); tests hold them
    against it.
    """

    language: str
    texts: Mapping[str, str]
    decimal: str = "."
    thousands: str = ","
    zero_is_one: bool = False

    def say(self, key: str, /, **values: str) -> str:
        """Return a text with its values put in.

        Examples
        --------
        >>> ENGLISH.say("value.days.many", count="70")
        '70 days'
        """
        return self.texts[key].format(**values)

    def count(self, key: str, number: int, /, **values: str) -> str:
        """Return a text that counts: ``key.one`` where the language counts like one, else ``key.many``.

        Examples
        --------
        >>> ENGLISH.count("counted.extended", 0)
        '0 extended'
        """
        one = number == 1 or (number == 0 and self.zero_is_one)
        return self.say(f"{key}.{'one' if one else 'many'}", count=self.number(number), **values)

    def number(self, value: float, *, digits: int = 0) -> str:
        """Write a finite number with this language's signs.

        Examples
        --------
        >>> ENGLISH.number(-0.01, digits=1), ENGLISH.number(33268)
        ('0.0', '33,268')
        """
        return self.resign(f"{round(value, digits) + 0.0:,.{digits}f}")

    def resign(self, number: str) -> str:
        """Write a number that is text in English with this language's signs."""
        return number.translate({ord(","): self.thousands, ord("."): self.decimal})

    def date(self, day: date) -> str:
        """Write a date in words, for people alone: tables and times have ISO 8601 in every language.

        Examples
        --------
        >>> ENGLISH.date(date(2025, 3, 21))
        '21 March 2025'
        """
        return self.say("date", day=str(day.day), month=self.say(f"month.{day.month}"), year=str(day.year))


ENGLISH = Messages(
    "en",
    MappingProxyType({**english.REPORT, **english_method.METHOD, **english_field.FIELD, **english_recorded.RECORDED}),
)
