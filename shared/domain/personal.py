"""Personal data of an applicant: what they are, what is shown of them to whoever need not know them, and by what an
identity number is found. Pure."""

import re
import unicodedata
from collections.abc import Collection, Iterable
from enum import StrEnum

from shared.domain.vietnamese import search_key


class Datum(StrEnum):
    """What identifies or reaches an applicant beside the name."""

    ID_NUMBER = "id_number"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"


HIDDEN = "***"
#: So many characters at the end tell two namesakes apart, and find nobody.
_SHOWN = 3
#: A shorter number would be shown by half.
_SHORTEST = 8


def masked(datum: Datum, text: str) -> str:
    """`text` as it is shown to whoever need not know it: the last three characters of a number, the domain of an e-mail
    address, nothing of an address. How long it is cannot be seen."""
    if datum is Datum.EMAIL:
        return HIDDEN + text[text.rfind("@") :] if "@" in text else HIDDEN
    if datum is Datum.ADDRESS or len(text) < _SHORTEST:
        return HIDDEN
    return HIDDEN + text[-_SHOWN:]


def as_seen(text: str | None, datum: Datum, seen: frozenset[Datum]) -> str | None:
    """`text` whole for whoever sees such data, else masked."""
    return text if text is None or datum in seen else masked(datum, text)


#: Nine digits on end, as identity numbers have, or a phone as it is written in groups. Dates and codes of dossiers have
#: neither.
_NUMBER = re.compile(r"[0-9]{9}|\b0[0-9]{2,3}[ .][0-9]{3}[ .][0-9]{3}\b")


def holds_a_number(text: str) -> bool:
    """Whether a text that is kept for good holds what may be somebody's identity number or phone."""
    return _NUMBER.search(text) is not None


#: The same in what anybody may write: nine digits or more with a sign at most between two, so codes of dossiers
#: too; and an e-mail address.
_TELLING = re.compile(r"\+?\d(?:[ .\-/]?\d){8,}|[^\s@]+@[^\s@]+\.\w+")


def without_numbers(text: str, keeping: Collection[str] = ()) -> str:
    """What somebody wrote, as whoever is not to learn of whom it is reads it. keeping: what is nobody's number."""
    return _TELLING.sub(lambda found: found[0] if any(found[0] in one for one in keeping) else HIDDEN, text)


#: Shorter ones would be found within other words.
_SHORTEST_KNOWN = 4


def without_known(text: str, known: Iterable[str], hidden: str) -> str:
    """`text` without these, however they are spelled: in capitals, without diacritics, with other signs between."""
    text = unicodedata.normalize("NFC", text)
    letters = [(letter, place) for place, char in enumerate(text) for letter in _letters(char)]
    key, gone = "".join(letter for letter, _ in letters), set()
    for one in known:
        sought = _letters(one)
        at = key.find(sought) if len(sought) >= _SHORTEST_KNOWN else -1
        while at >= 0:
            gone |= set(range(letters[at][1], letters[at + len(sought) - 1][1] + 1))
            at = key.find(sought, at + 1)
    kept = "".join("\0" if place in gone else char for place, char in enumerate(text))
    for one in known:
        kept = kept.replace(one, "\0")
    return re.sub("\0+", hidden, kept)


def _letters(text: str) -> str:
    return "".join(letter for letter in search_key(text) if letter.isalnum())


def is_a_number(text: str) -> bool:
    """Whether a text is nothing but digits, as many as an identity number has."""
    return re.fullmatch(r"[0-9]{9,12}", number_key(text)) is not None


def number_key(number: str) -> str:
    """What an identity number is known by, however it is written: without blanks, in capitals."""
    return "".join(number.split()).upper()


def spellings(number: str) -> list[str]:
    """Keys under which a number may stand: of a citizen's, twelve digits or the nine of old, those too that were
    written with dots or hyphens between each three. The first is without. A tax code's hyphen means something."""
    key = number_key(number)
    digits = key.translate(_BETWEEN)
    if re.fullmatch(r"[0-9]{9}|[0-9]{12}", digits) is None:
        return [key]
    threes = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    return list(dict.fromkeys((digits, ".".join(threes), "-".join(threes), key)))


_BETWEEN = str.maketrans("", "", ".-")


def same_number(one: str, other: str) -> bool:
    """Whether two numbers are one, however each is written."""
    return spellings(one)[0] == spellings(other)[0]
