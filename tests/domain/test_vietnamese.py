"""Tiếng Việt: one spelling of what can be typed in two ways, a key to search by, and the order of dictionaries."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.vietnamese import (
    has_control_characters,
    has_letter,
    has_letter_or_digit,
    normalised,
    search_key,
    sort_key,
)

LETTERS = "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệfghiìỉĩíịjklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụưừửữứựvwxyỳỷỹýỵz"
words = st.text(LETTERS + LETTERS.upper() + " ", min_size=1, max_size=30)


def nfd(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


@given(words | st.text())
def test_however_it_was_typed_the_keys_are_the_same(text: str) -> None:
    assert normalised(nfc(text)) == normalised(nfd(text))
    assert search_key(nfc(text)) == search_key(nfd(text))
    assert sort_key(nfc(text)) == sort_key(nfd(text))


@given(words | st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    once = normalised(text)
    assert normalised(once) == once
    assert once == once.strip()
    assert "  " not in once


@given(words)
def test_a_search_key_is_plain_lower_case(text: str) -> None:
    key = search_key(text)
    assert key.isascii()
    assert key == key.lower()
    assert search_key(key) == key
    assert search_key(text.upper()) == key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Nguyễn Thị Đào", "nguyen thi dao"),
        ("ĐẶNG VĂN ƯỚC", "dang van uoc"),
        ("  Trần\tVăn  Bình ", "tran van binh"),
        ("Đakrông", "dakrong"),
        ("Cty TNHH 1-2", "cty tnhh 1-2"),
    ],
)
def test_names_are_found_without_diacritics(text: str, key: str) -> None:
    assert search_key(text) == key


#: As a Vietnamese dictionary has them: đ is a letter of its own, vowels with marks too, tones break ties.
IN_ORDER = [
    "An",
    "Anh",
    "Ăn",
    "Ân",
    "Cam Lộ",
    "Da",
    "Dương",
    "Đa",
    "Đakrông",
    "Đông Hà",
    "Gio Linh",
    "Hải Lăng",
    "Hướng Hóa",
    "ma",
    "mà",
    "mả",
    "mã",
    "má",
    "mạ",
    "mai",
    "măng",
    "mân",
    "na",
    "Quảng Trị",
    "Triệu Phong",
    "Ty",
    "Vĩnh Linh",
]


def test_a_known_list_is_in_dictionary_order() -> None:
    upside_down = IN_ORDER[::-1]
    assert sorted(upside_down, key=sort_key) == IN_ORDER
    assert sorted(upside_down, key=lambda word: sort_key(word).encode()) == IN_ORDER, "the database sorts bytes"


def test_all_letters_of_the_alphabet_are_in_order() -> None:
    alphabet = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
    assert "".join(sorted(set(alphabet), key=sort_key)) == alphabet


def test_words_are_compared_one_by_one() -> None:
    assert sort_key("Hà Nội") > sort_key("Ha Tĩnh")
    assert sort_key("Hai") > sort_key("Hà Nội")


def test_where_the_tone_mark_stands_does_not_matter() -> None:
    assert sort_key("Hòa") == sort_key("Hoà")


@pytest.mark.parametrize(
    "text",
    [
        "a\x00",
        "a\tb",
        "a\nb",
        "a\rb",
        "\x1b[31m",
        "a\x7f",
        "a\x85b",
        "a\u200bb",
        "a\u202eb",
        "\ufeffa",
        "a\u2028b",
        "a\u2029b",
        "a\uffff",
        "a\ufdd0",
        "a\U0001fffe",
        "a\u0378",
    ],
)
def test_control_characters_are_noticed(text: str) -> None:
    assert has_control_characters(text)


@pytest.mark.parametrize(
    "text", ["", "Nguyễn Thị Đào", nfd("Nguyễn Thị Đào"), "12 Hùng Vương, P. Đông Hà", "a\u00a0b", "m²"]
)
def test_ordinary_text_has_none(text: str) -> None:
    assert not has_control_characters(text)


@given(st.text())
def test_text_without_control_characters_is_one_line(text: str) -> None:
    assert has_control_characters(text) or len(text.splitlines()) <= 1


#: What can be sent and nobody can read: blanks, marks without a letter, fillers that Unicode calls letters.
NOTHING_TO_READ = [
    "",
    " ",
    "\u00a0",
    "\u2003",
    "\u2800",
    "\u3000",
    "\u0301\u0301",
    "\ufe0f",
    "\u3164",
    "\u115f\u1160",
    "\uffa0",
]


@pytest.mark.parametrize("text", [*NOTHING_TO_READ, "123", "-- .", "№ 5", "½"], ids=ascii)
def test_without_a_letter_there_is_nothing_to_read(text: str) -> None:
    assert not has_letter(text)


@pytest.mark.parametrize("text", ["Đ", "A1", "Nguyễn Thị Đào", nfd("Ấ"), "李", "Ж", "ກ", "\u3164a"], ids=ascii)
def test_a_letter_of_any_script_can_be_read(text: str) -> None:
    assert has_letter(text)
    assert has_letter_or_digit(text)


@pytest.mark.parametrize("text", [*NOTHING_TO_READ, "-- .", "%", "_"], ids=ascii)
def test_without_letter_and_digit_there_is_nothing_to_search_by(text: str) -> None:
    assert not has_letter_or_digit(text)


@given(st.text())
def test_whatever_has_a_letter_or_a_digit_has_a_search_key(text: str) -> None:
    assert search_key(text) or not has_letter_or_digit(text)


@given(st.text())
def test_a_search_key_is_the_text_without_its_marks(text: str) -> None:
    """Letter by letter or as a whole: the same."""
    whole = unicodedata.normalize("NFD", text.lower().replace("đ", "d").replace("ð", "d"))
    assert search_key(text) == " ".join("".join(c for c in whole if not unicodedata.combining(c)).split())
