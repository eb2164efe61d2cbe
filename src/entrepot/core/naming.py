"""Names that people find things by, in which there is something to see; and words of a list."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from entrepot.core.refusal import Reason, refuse

# A character with a shape. Without one are blanks and controls, marks of direction, joiners and
# variation selectors, and the letters that Unicode has as fillers (UAX #44,
# Default_Ignorable_Code_Point, and Braille's empty cell).
# The separators of lines and paragraphs, U+2028 and U+2029, are told as blanks: makers of clients
# write characters into a pattern of JavaScript as they are, where these two would end its line.
SEEN = (
    r"[^\s\x00-\x20\x7f-\xa0\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
    r"\u2000-\u200f\u202a-\u202f\u205f-\u206f\u2800\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]"
)
SEEN_OR_EMPTY = rf"^(?![\s\S])|{SEEN}"
BLANK = "must not be blank"
_FORMS: Final = ("NFC", "NFD")
_seen = re.compile(SEEN).search


def visible(name: str, field: str) -> str:
    """The name as it was told. Refused: blanks and characters without a shape alone, under the
    sender's name for the member.
    """
    if _seen(name) is None:
        raise refuse(Reason.INVALID, BLANK, field)
    return name


def composed(name: str) -> str:
    """The name with its letters composed (NFC), without blanks around it: two spellings of one name
    are one name.
    """
    return name.strip() if name.isascii() else unicodedata.normalize("NFC", name).strip()


def spellings(name: str) -> tuple[str, ...]:
    """The name as it was told, and in the other spellings of its letters: composed (NFC) and not
    (NFD).
    """
    if name.isascii():
        return (name,)
    return tuple(dict.fromkeys([name, *[unicodedata.normalize(form, name) for form in _FORMS]]))


def capitals(word: str) -> str:
    """The word in capitals, to be looked for in a list of words. One with a letter beyond ASCII
    stays as it is: Unicode's capital of the dotless i is I, and of the long s it is S.
    """
    return word.upper() if word.isascii() else word
