"""``feedback.txt``: an empty form to send back what was found at each strip, and what was seized."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.wording import shown_text
from colibri_geo.language import ENGLISH

FEEDBACK = "feedback.txt"
_HEAD = """\
Fill in what you know and leave the rest empty. One block a strip, or only
the blocks that you have something on. No names of persons, no addresses,
no registrations, no telephone numbers.
"""
_STRIP = """\
  Checked on (UTC, YYYY-MM-DD):
  By (image / flight / drone / on the ground / register / people who know
    the place):
  Found (strip / no strip / road / field / river bank / power line /
    registered aerodrome / other):
  In use (yes / no / not known):
  Serves a community or health access (yes / no / not known):
  Remarks:
"""
_SEIZURE = """\
SEIZURE
Only where there was one: send it as a message of its own, once for each.

  At strip (number above, or none):
  On (UTC, YYYY-MM-DD):
  Country and region:
  Kind of goods:
  Quantity and unit:
  An aircraft was there (yes / no / not known):
"""


def write_feedback(titles: Iterable[str], record: RunRecord, path: Path) -> None:
    """Write the form: a block for each strip with its number and name, then one for a seizure.

    The fields are of this project and follow no agency's form; none asks for a person. The text is ASCII.

    Parameters
    ----------
    titles : iterable of str
        Number and identifier of each strip, in the order of the ranking.
    record : RunRecord
    path : Path
    """
    about = f"{record.before.acquired[:10]} to {record.after.acquired[:10]}"
    if record.precision != "exact":
        about += f", edition {record.precision}"
    blocks = [f"STRIP {_as_ascii(title)}\n{_STRIP}" for title in titles]
    none = "No strip was listed: tell here which one was missed, and where.\n  Remarks:\n"
    text = "\n".join(
        [f"Subject: Feedback on candidate cleared strips, {about}\n", _HEAD, *(blocks or [none]), _SEIZURE]
    )
    path.write_bytes(text.encode("ascii"))


def _as_ascii(text: str) -> str:
    return shown_text(text, ENGLISH).encode("ascii", "replace").decode("ascii")
