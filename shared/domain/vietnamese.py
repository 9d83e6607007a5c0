"""Vietnamese text: one spelling, one search key, one sort key. The database has no Vietnamese collation."""

import unicodedata

_D = {ord("đ"): "d", ord("Đ"): "D", ord("ð"): "d"}
#: The alphabet's order; f, j, w, z stand where the school puts them.
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_LETTER = {letter: chr(0x61 + index) for index, letter in enumerate(_ALPHABET)}
#: Tone order of dictionaries: ngang, huyền, hỏi, ngã, sắc, nặng.
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
#: The Hangul fillers: Unicode calls them letters, and nobody can see them.
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")


def normalised(text: str) -> str:
    """NFC, white space collapsed and trimmed. `Nguyễn` typed in two ways is one name."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def has_control_characters(text: str) -> bool:
    """Whether `text` holds characters that no form or log should carry (tab, newlines, non-characters included)."""
    return not text.isprintable() and any(
        not char.isprintable() and unicodedata.category(char) != "Zs" for char in text
    )


def has_letter(text: str) -> bool:
    """Whether anything in `text` can be read: blanks, marks, digits and signs alone are no name."""
    return any(char.isalpha() and char not in _BLANK_LETTERS for char in text)


def has_letter_or_digit(text: str) -> bool:
    """Whether there is anything in `text` to search by."""
    return any(char.isalnum() and char not in _BLANK_LETTERS for char in text)


def search_key(text: str) -> str:
    """Lower case without diacritics: `Nguyễn Thị Đào` is found by `nguyen thi dao`."""
    text = text.lower()
    return " ".join((text if text.isascii() else text.translate(_BARE)).split())


class _Bare(dict[int, str]):
    """Each character without its marks, worked out when it is first met: a name in a third of the time."""

    def __missing__(self, point: int) -> str:
        plain = unicodedata.normalize("NFD", _D.get(point, chr(point)))
        bare = "".join(char for char in plain if not unicodedata.combining(char))
        if len(self) < _MOST_LETTERS:
            self[point] = bare
        return bare


_MOST_LETTERS = 10_000  # whatever is typed, it stays small
_BARE = _Bare()


def sort_key(text: str) -> str:
    """A key whose byte order is Vietnamese order: letters first, tones to break ties, word by word."""
    return " ".join(_word_key(word) for word in normalised(text).lower().split(" "))


def _word_key(word: str) -> str:
    letters, tones = [], []
    for char in word:
        marks = [mark for mark in unicodedata.normalize("NFD", char) if mark in _TONES]
        bare = unicodedata.normalize("NFC", "".join(m for m in unicodedata.normalize("NFD", char) if m not in _TONES))
        letters.append(_LETTER.get(bare, bare))
        if marks:
            tones.append(_TONES[marks[0]])
    return "".join(letters) + ("!" + "".join(tones) if tones else "")


def printed_count(count: int) -> str:
    """136583 as Vietnamese print writes it: 136.583."""
    return f"{count:,}".replace(",", ".")


def printed_decimal(decimal: str) -> str:
    """ "97.51" as Vietnamese print writes it: 97,51."""
    return decimal.replace(".", ",")
