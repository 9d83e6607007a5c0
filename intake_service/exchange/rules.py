"""What comes from the national portal beside dossiers, what goes there, and how each is known again. Pure.

Field names are those of systems in use; that LOAI tells feedback on behaviour by 2 is assumed (docs/exchange.md).
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from shared.contracts.petitions import PetitionKind
from shared.contracts.ratings import RatingLevel
from shared.domain.civil_time import local
from shared.web.auth import RIGHTS, Role
from shared.web.problems import Reason

QUESTIONS, AGENCY_QUESTIONS = "LayDanhSachHoiDapGuiTuDVCQG", "LayDanhSachHoiDapBoCoQuan"
ANSWERS, AGENCY_ANSWERS, RATINGS = "DongBoKetQuaHoiDapGuiTuDVCQG", "DongBoHoiDap", "DongBoDanhGia"


class Kind(StrEnum):
    """What is exchanged."""

    QUESTION = "question"
    AGENCY_QUESTION = "agency_question"
    RATING_GIVEN = "rating_given"
    ANSWER = "answer"
    AGENCY_ANSWER = "agency_answer"
    PUBLISHED = "published"
    RATING = "rating"


#: What goes out, by which service.
SENT_BY: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.ANSWER: ANSWERS,
        Kind.AGENCY_ANSWER: AGENCY_ANSWERS,
        Kind.PUBLISHED: AGENCY_ANSWERS,
        Kind.RATING: RATINGS,
    }
)
#: Which questions an answer is of.
ANSWERED: Mapping[Kind, Kind] = MappingProxyType({Kind.QUESTION: Kind.ANSWER, Kind.AGENCY_QUESTION: Kind.AGENCY_ANSWER})
#: Of which dossier, and how it was rated.
_OF_RATINGS = frozenset({Kind.RATING, Kind.RATING_GIVEN})


def kinds_read_by(role: Role) -> list[Kind]:
    """Whose messages a role reads: of ratings whoever reads these. Who rated is not for those who were rated
    (NĐ 61/2018 art. 27(3))."""
    return [kind for kind in Kind if kind not in _OF_RATINGS or role in RIGHTS["listRatings"].roles]


_LEVELS: Mapping[str, RatingLevel] = MappingProxyType(
    {"rất hài lòng": "very_satisfied", "hài lòng": "satisfied", "không hài lòng": "unsatisfied"}
)
WORDS: Mapping[RatingLevel, str] = MappingProxyType(
    {"very_satisfied": "Rất hài lòng", "satisfied": "Hài lòng", "unsatisfied": "Không hài lòng"}
)
_BEHAVIOUR = "2"
_MOST_KEY, _MOST_LINE, _MOST_TEXT, _MOST_TITLE = 100, 1000, 20_000, 120
_MOST_DIGITS = 18  # of a number that 64 bits hold


class Question(NamedTuple):
    """Somebody's question or feedback. unit: whom it is put to, as they call it. answered: it has an answer there."""

    key: str
    text: str
    unit: str | None
    kind: PetitionKind
    answered: bool
    name: str | None
    address: str | None
    phone: str | None
    email: str | None

    @property
    def title(self) -> str:
        """The first of it, in a line."""
        line = " ".join(self.text.split())
        return line if len(line) <= _MOST_TITLE else line[: _MOST_TITLE - 1].rstrip() + "…"


class Given(NamedTuple):
    """A rating that somebody gave there."""

    key: str
    dossier: str
    level: RatingLevel
    words: str | None


class Unread(NamedTuple):
    """What came and cannot be read."""

    key: str
    reason: Reason


def read_question(item: Any) -> Question | Unread:
    """A question as it came."""
    if not isinstance(item, dict):
        return Unread(digest(item), Reason("", "exchange_not_an_object"))
    key = key_of(item.get("HOIDAPID"))
    if key is None:
        return Unread(digest(item), Reason("HOIDAPID", "exchange_no_id"))
    text = _text(item.get("NOIDUNG"), _MOST_TEXT)
    if text is None:
        return Unread(key, Reason("NOIDUNG", "exchange_no_text"))
    behaviour = str(item.get("LOAI")) == _BEHAVIOUR
    line = {name: _line(item.get(name)) for name in ("HOVATEN", "DIACHI", "SODIENTHOAI", "THUDIENTU", "MADONVI")}
    return Question(
        key=key,
        text=text,
        unit=line["MADONVI"],
        kind="about_behaviour" if behaviour else "about_procedure",
        answered=_text(item.get("NOIDUNGTRALOI"), _MOST_TEXT) is not None,
        name=line["HOVATEN"],
        address=line["DIACHI"],
        phone=line["SODIENTHOAI"],
        email=line["THUDIENTU"],
    )


def read_rating(item: Any) -> Given | Unread:
    """A rating as it came. It is known again by its dossier, its kind and its time."""
    if not isinstance(item, dict):
        return Unread(digest(item), Reason("", "exchange_not_an_object"))
    known_by = [item.get(name) for name in ("MaHoSo", "LoaiDanhGia", "ThoiGian")]
    key, dossier = digest(known_by), _line(item.get("MaHoSo"))
    if dossier is None:
        return Unread(key, Reason("MaHoSo", "exchange_no_id"))
    level = _LEVELS.get(" ".join(str(item.get("DanhGia") or "").casefold().split()))
    if level is None:
        return Unread(key, Reason("DanhGia", "exchange_level"))
    return Given(key, dossier, level, _text(item.get("NoiDung"), _MOST_LINE))


def key_of(given: Any) -> str | None:
    """The id of a question, a number or a text; None: it is none."""
    if isinstance(given, bool) or not isinstance(given, int | str):
        return None
    key = str(given).strip()
    return key if key and len(key) <= _MOST_KEY and key.isprintable() else None


def digest(item: Any) -> str:
    """By what something without an id is known again."""
    return "sha256:" + sha256(orjson.dumps(item, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _text(value: Any, most: int) -> str | None:
    if not isinstance(value, str):
        return None
    kept = "".join(each for each in value if each.isprintable() or each == "\n").strip()
    return kept[:most] or None


def _line(value: Any) -> str | None:
    text = _text(str(value) if isinstance(value, int) and not isinstance(value, bool) else value, _MOST_LINE)
    return " ".join(text.split()) if text else None


class Answered(NamedTuple):
    """An answer of ours. question: what was asked, where the service wants that too."""

    key: str
    unit: str
    by: str
    at: datetime
    text: str
    question: str | None = None


def answer_item(told: Answered) -> dict[str, Any]:
    """An answer to a question that was put at the portal."""
    return {
        "HOIDAPID": _as_given(told.key),
        "MADONVI": told.unit,
        "NGUOITRALOI": told.by[:200],
        "NGAYTRALOI": f"{local(told.at):%d/%m/%Y}",
        "NOIDUNGTRALOI": told.text,
    }


def published_item(told: Answered, agency_name: str) -> dict[str, Any]:
    """A question with its answer, as everybody may read it."""
    return {
        "HOIDAPID": _as_given(told.key),
        "MADONVI": told.unit,
        "TENDONVI": agency_name,
        "NOIDUNG": told.question,
        "NOIDUNGTRALOI": told.text,
    }


def rating_item(dossier: str, level: RatingLevel, at: datetime) -> dict[str, Any]:
    """A rating that was given here. Who gave it, and in which words, is not told (NĐ 61/2018 art. 27(3))."""
    return {"MaHoSo": dossier, "ThoiGian": f"{local(at):%Y%m%d%H%M%S}", "DanhGia": WORDS[level]}


def _as_given(key: str) -> str | int:
    """A number where it is one that JSON carries: a longer one is a text, which came as such."""
    short = len(key) <= _MOST_DIGITS and key.isascii() and key.isdigit()
    return int(key) if short and str(int(key)) == key else key


#: What is said in words may name a person. By level and instant whose words a rating's are would be known: ratings are
#: read without their dossiers.
_HIDDEN = frozenset({"NOIDUNG", "NOIDUNGTRALOI", "DanhGia", "ThoiGian"})


def kept(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as it is kept and shown."""
    return {name: "…" if name in _HIDDEN else value for name, value in item.items()}
