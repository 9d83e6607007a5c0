"""What the national database is told of a dossier: one item of DongBoHoSoMC and one of CapNhatTienDoHoSoMC an event.

Pure. Nothing is invented: a field that there is nothing for is left out, and what the national side needs and is not
there is a blocker with its reason, which an operator sees. Statuses are sent as they are, 1 to 10. Field names and
codes are those that the provincial systems in use send (OpenCPS, the Hà Giang gateway).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from intake_service.documents.national import Message
from shared.domain.civil_time import local
from shared.domain.codes import is_national_code
from shared.domain.explanation import Told
from shared.domain.lifecycle import STATUS_VI, Channel, EventKind
from shared.domain.personal import without_known, without_numbers
from shared.domain.terms import Due
from shared.web.problems import Reason

ITEM, PROGRESS, LOOK_UP = "DongBoHoSoMC", "CapNhatTienDoHoSoMC", "TraCuuHoSo"
#: How many items the national side takes in one call; the field's practice.
BATCH = 10
#: Lengths beyond which the national side refuses a field.
LONGEST = {"TrichYeuHoSo": 1000, "NguoiXuLy": 50}
#: Without these an item says nothing. Which more the national side needs, an installation can say.
NEEDED = ("MaHoSo", "MaTTHC", "TenTTHC", "KenhThucHien", "ChuHoSo", "LoaiDoiTuong", "NgayNopHoSo", "TrangThaiHoSo")
# What only sets dates or words right, or names the result, is no step of the course: the item says it.
_NO_PROGRESS = frozenset({EventKind.RESCHEDULED, EventKind.CORRECTED, EventKind.RESULT_RECORDED})
#: LoaiDinhDanh by how many digits a number has: a citizen's card, and the identity card before it.
_IDENTITIES = {12: "1", 9: "2"}
_BY_POST = 3
_PORTAL_OF_THE_PROVINCE = "2"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose dossier it is and what it is about, as it stands now. kind: 1 person, 2 business, 3 agency, 4 organisation.
    procedure, sector_code: as the national catalogue has them, where somebody said so. code: as issued at acceptance;
    accepted: whether it was (until then one handed in online has none, and goes by a reference of ours)."""

    code: str
    procedure: str
    procedure_name: str
    sector: str
    channel: Channel
    agency_name: str
    return_channel: int
    summary: str | None
    kind: int
    applicant: str
    id_number: str | None
    phone: str | None
    email: str | None
    erased: bool = False
    accepted: bool = True
    sector_code: str | None = None


class Step(NamedTuple):
    """An event with the dossier before and after it, who did it for which agency, and what it says in words (None:
    nothing, or erased)."""

    told: Told
    actor: str
    agency_name: str
    reason: str | None = None

    @property
    def kind(self) -> EventKind:
        """What happened."""
        return self.told.event.kind

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.told.event.at


def stamp(at: datetime) -> str:
    """An instant as the national side takes it: yyyyMMddHHmmss on the clocks of Vietnam."""
    return f"{local(at):%Y%m%d%H%M%S}"


def services_of(kind: EventKind) -> tuple[str, ...]:
    """By which services an event is told, in this order."""
    return (ITEM,) if kind in _NO_PROGRESS else (ITEM, PROGRESS)


def item(subject: Subject, history: Sequence[Step]) -> dict[str, Any]:
    """The dossier as it stood after the last of these steps, which begin with its first."""
    after = history[-1].told.after
    account, ends = after.account, _Ends.of(history)
    told: dict[str, Any] = {
        "MaHoSo": subject.code,
        "SoBienNhan": subject.code if account is not None else None,
        "MaTTHC": subject.procedure,
        "TenTTHC": subject.procedure_name,
        "MaLinhVuc": subject.sector_code,
        "TenLinhVuc": subject.sector,
        "KenhThucHien": str(int(subject.channel)),
        "ChuHoSo": None if subject.erased else subject.applicant,
        "LoaiDoiTuong": str(subject.kind),
        "SoGiayToChuHoSo": None if subject.erased else subject.id_number,
        "DinhDanhCHS": [] if subject.erased else _identities(subject.id_number),
        "Email": None if subject.erased else subject.email,
        "SoDienThoai": None if subject.erased else subject.phone,
        "TrichYeuHoSo": subject.summary,
        "NgayNopHoSo": stamp(_handed_in(history)),
        "NgayTiepNhan": stamp(account.accepted_at) if account else None,
        # As first promised: the national scoring takes off what the applicant was waited for by itself.
        "NgayHenTra": _due(account.original_due) if account else None,
        "NgayTuChoi": _stamp(ends.not_accepted_at),
        "NgayKetThucXuLy": _stamp(ends.ended_at),
        "NgayTra": _stamp(ends.returned_at),
        "TrangThaiHoSo": str(int(after.status)),
        "HinhThuc": "1" if subject.return_channel == _BY_POST else "0",
        "DonViXuLy": subject.agency_name,
        "NoiNopHoSo": _PORTAL_OF_THE_PROVINCE if subject.channel is Channel.ONLINE else None,
        "DanhSachHoSoBoSung": _supplements(subject, history),
    }
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def _handed_in(history: Sequence[Step]) -> datetime:
    """At the counter it is when it was accepted, also where that was set right afterwards."""
    account = history[-1].told.after.account
    return history[0].at if account is None or history[0].kind is EventKind.SUBMITTED else account.accepted_at


#: What an item says of papers: all of it, or nothing.
PAPERS = ("HoSoCoThanhPhanSoHoa", "TaiLieuNop", "DanhSachTepDinhKemKhac", "DanhSachGiayToKetQua")


def with_papers(told: dict[str, Any], papers: Message) -> dict[str, Any]:
    """The item with what is told of the dossier's papers; without, where something stands in the way of that."""
    said = papers.fields or {}
    return told | {name: value for name, value in said.items() if value != []}


def progress(subject: Subject, history: Sequence[Step]) -> dict[str, Any]:
    """The last of these steps, as a line of the dossier's course."""
    step = history[-1]
    account = step.told.after.account
    told = {
        "MaHoSo": subject.code,
        "NguoiXuLy": step.actor[: LONGEST["NguoiXuLy"]],
        "ThoiDiemXuLy": stamp(step.at),
        "PhongBanXuLy": step.agency_name,
        "NoiDungXuLy": STATUS_VI[step.told.after.status],
        "TrangThai": str(int(step.told.after.status)),
        "NgayBatDau": stamp(account.accepted_at) if account else None,
        "NgayKetThucTheoQuyDinh": _due(account.original_due) if account else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def told_of_persons(subject: Subject, history: Sequence[Step]) -> dict[str, Any]:
    """What the national side may repeat of a person when it speaks of a line, which itself names nobody."""
    told = item(subject, history)
    return {name: value for name, value in told.items() if name in _PERSONAL or isinstance(value, list)}


def blockers(
    told: dict[str, Any], subject: Subject, needed: Sequence[str] = NEEDED, papers: Message | None = None
) -> list[Reason]:
    """Why an item cannot be sent: what is needed and not there, and what is longer than is taken. papers: what is told
    of them with this step; they block where an installation needs them."""
    if subject.erased:
        return [Reason("ChuHoSo", "personal_data_erased")]
    if not subject.accepted:
        return [Reason("MaHoSo", "national_not_accepted")]
    if not is_national_code(subject.code):
        return [Reason("MaHoSo", "code_not_national")]
    missing = [Reason(name, "national_field_missing") for name in needed if name not in told and name not in PAPERS]
    if papers is not None and not set(PAPERS).isdisjoint(needed):
        missing += papers.blockers
    long = [
        Reason(name, "too_long", {"limit": limit})
        for name, limit in LONGEST.items()
        if len(str(told.get(name, ""))) > limit
    ]
    return missing + long


class _Ends(NamedTuple):
    """When a dossier ended, by what happened last: a re-opened one has not."""

    not_accepted_at: datetime | None = None
    ended_at: datetime | None = None
    returned_at: datetime | None = None

    @classmethod
    def of(cls, history: Sequence[Step]) -> "_Ends":
        ends = cls()
        for step in history:
            if step.kind is EventKind.REOPENED:
                ends = cls()
            elif step.kind is EventKind.NOT_ACCEPTED:
                ends = ends._replace(not_accepted_at=step.at)
            elif step.kind in (EventKind.FINISHED, EventKind.WITHDRAWN, EventKind.STOPPED):
                ends = ends._replace(ended_at=step.at)
            elif step.kind is EventKind.RETURNED:
                ends = ends._replace(returned_at=step.at)
        return ends


def _supplements(subject: Subject, history: Sequence[Step]) -> list[dict[str, Any]]:
    """Every request with the date before it and after its answer: it cannot be made up later."""
    found: list[dict[str, Any]] = []
    for step in history:
        if step.kind is EventKind.SUPPLEMENT_REQUESTED:
            before = step.told.before.account if step.told.before else None
            found.append(
                {
                    "HoSoBoSungId": f"{subject.code}/{len(found) + 1}",
                    "NguoiYeuCauBoSung": step.actor[: LONGEST["NguoiXuLy"]],
                    "NoiDungBoSung": None if subject.erased else step.reason,
                    "NgayBoSung": stamp(step.at),
                    "NgayHenTraTruoc": _due(before.promised) if before else None,
                }
            )
        elif step.kind is EventKind.SUPPLEMENTED and found:
            account = step.told.after.account
            found[-1] |= {
                "NguoiTiepNhanBoSung": step.actor[: LONGEST["NguoiXuLy"]],
                "NgayTiepNhanBoSung": stamp(step.at),
                "NgayHenTraMoi": _due(account.promised) if account else None,
            }
    return [{name: value for name, value in one.items() if value is not None} for one in found]


def _identities(number: str | None) -> list[dict[str, str]]:
    digits = "".join((number or "").split())
    kind = _IDENTITIES.get(len(digits)) if digits.isascii() and digits.isdigit() else None
    return [{"LoaiDinhDanh": kind, "SoDinhDanh": digits}] if kind else []


def _due(due: Due | None) -> str | None:
    return stamp(due.at) if due is not None else None


def _stamp(at: datetime | None) -> str | None:
    return stamp(at) if at is not None else None


#: What the national side says of an item that it has already: then the same is sent as an update.
THERE_ALREADY = ("3", "-3")
_THERE_ALREADY = "đã tồn tại"
_NOT_THERE = ("không tồn tại", "chưa tồn tại")
SUCCESS = ("0", "00")
#: So much is read of a code and of what is said beside it: nothing that says more is a code, and longer words would
#: keep whoever looks for persons in them from everything else.
LONGEST_CODE, LONGEST_WORDS = 60, 4_000


def is_success(code: object) -> bool:
    """Whether an answer says that it was done: as a number or as text, older ones as two digits."""
    return str(code) in SUCCESS


def is_there_already(code: object, message: str) -> bool:
    """Whether a refusal says that the dossier, or the line of its course, is there."""
    return str(code) in THERE_ALREADY or _THERE_ALREADY in _plain(message)


def is_not_there(message: str) -> bool:
    """Whether a refusal of an update says that there is no such dossier."""
    return any(words in _plain(message) for words in _NOT_THERE)


def _plain(words: str) -> str:
    """However they are written: in capitals, or with signs apart from their letters."""
    return unicodedata.normalize("NFC", words).casefold()


def verdicts(
    done: bool, code: str, message: str, result: Sequence[Any], names: Sequence[str]
) -> dict[str, tuple[str, str] | None]:
    """What an answer says of each dossier of a call: (code, words). None: nobody knows, and it is to be asked for
    alone: where a call was refused, what was good in it may have been taken or not, whatever is said of it; where
    others are named and this one is not, or both is said of it."""
    told = [
        one for one in result if isinstance(one, dict) and isinstance(one.get("MaHoSo"), str) and "error_code" in one
    ]
    said: dict[str, list[tuple[str, str]]] = {}
    for one in told:
        words = str(one["error_code"])[:LONGEST_CODE], str(one.get("message") or "")[:LONGEST_WORDS]
        said.setdefault(one["MaHoSo"], []).append(words)
    alone = len(names) == 1

    def verdict(name: str) -> tuple[str, str] | None:
        each = said.get(name)
        if each is None:
            if done:
                return None if told else (SUCCESS[0], "")
            return (code, message) if alone else None
        refused = [one for one in each if not is_success(one[0])]
        if refused:
            return refused[-1] if alone or len(refused) == len(each) else None
        return each[-1] if done or alone else None

    return {name: verdict(name) for name in names}


def found_in(result: Sequence[Any], name: str) -> dict[str, Any] | None:
    """The dossier in an answer to its look-up; None: it is not there. Raises WrongAnswer where the answer is of
    something else."""
    if not result:
        return None
    for one in result:
        if isinstance(one, dict) and one.get("MaHoSo") == name:
            return one
    raise WrongAnswer(name)


class WrongAnswer(Exception):
    """An answer that is not of the dossier that was asked for."""


def is_told(lines: Sequence[Any], line: dict[str, Any]) -> bool:
    """Whether a line of a dossier's course is among those that the national side has."""
    return any(isinstance(one, dict) and line.items() <= one.items() for one in lines)


#: What is personal in an item, at any depth.
_PERSONAL = frozenset(
    {
        *("ChuHoSo", "SoGiayToChuHoSo", "SoDinhDanh", "Email", "SoDienThoai", "TrichYeuHoSo", "NoiDungBoSung"),
        # What files and papers are called may name a person; by a link whoever reads it reads the file.
        *("TenTepDinhKem", "TenGiayTo", "DuongDanTaiTepTin", "DuongDanTepTinKetQua"),
    }
)
_HIDDEN = "…"


def without_persons(told: Any) -> Any:
    """An item as it is kept: what it said of a person is not."""
    if isinstance(told, dict):
        return {name: _HIDDEN if name in _PERSONAL else without_persons(value) for name, value in told.items()}
    if isinstance(told, list):
        return [without_persons(one) for one in told]
    return told


def words_without_persons(words: str, told: Any) -> str:
    """The national side's words about an item, without what they say of a person: what the item said of him, however
    they spell it, and anybody's number."""
    words = words[:LONGEST_WORDS]
    known, others = _said(told, of_persons=True), _said(told, of_persons=False)
    return without_numbers(without_known(words, sorted(known, key=len, reverse=True), _HIDDEN), others)[:_MOST_WORDS]


_MOST_WORDS = 500


def _said(told: Any, *, of_persons: bool) -> set[str]:
    if isinstance(told, list):
        return {value for one in told for value in _said(one, of_persons=of_persons)}
    if not isinstance(told, dict):
        return set()
    found = set()
    for name, value in told.items():
        if isinstance(value, dict | list):
            found |= _said(value, of_persons=of_persons)
        elif value and (name in _PERSONAL) is of_persons:
            found.add(str(value))
    return found


#: No list of the national side's codes is known: a refusal may be of the dossier, or of the moment. So often it is
#: heard before somebody has to look at it.
MOST_REFUSALS = 5


def backoff(attempts: int, message: int) -> timedelta:
    """How long a message waits that nobody answered: 5 seconds, then twice as long each time, 5 minutes at most; a
    fifth more or less, so that not all come back at once."""
    seconds = min(5 * 2 ** min(attempts - 1, 10), 300)
    return timedelta(seconds=seconds * (0.8 + 0.4 * (message * 2654435761 % 1000) / 1000))


class Breaker:
    """Whether the national side is asked at all: after several calls in a row without an answer it is left alone for
    a time, and then asked by a single call. So it is where it answers, and refuses whatever it is sent. Times in
    seconds of any clock that does not go back."""

    PATIENCE = 5
    #: So many different messages refused, and none taken since the first of them: it is not the dossiers.
    SICK = 20
    SHORTEST, LONGEST = 10.0, 300.0

    def __init__(self) -> None:
        self._failed = 0
        self._until = 0.0
        self._refused: set[int] = set()

    def is_open(self, at: float) -> bool:
        """Whether nothing is to be sent now."""
        return at < self._until

    @property
    def careful(self) -> bool:
        """Whether one call is to find out first."""
        return self._failed >= self.PATIENCE

    def failed(self, at: float) -> None:
        """A call was not answered."""
        self._failed += 1
        if self._failed >= self.PATIENCE:
            wait = min(self.SHORTEST * 2.0 ** min(self._failed - self.PATIENCE, 10), self.LONGEST)
            self._until = at + wait

    def refused(self, message: int, at: float) -> bool:
        """A message was refused. Whether the dossier is not to blame."""
        self._refused.add(message)
        if len(self._refused) < self.SICK:
            return False
        self._refused = set(list(self._refused)[-self.SICK :])
        self.failed(at)
        return True

    def taken(self) -> None:
        """A message was taken."""
        self._failed, self._until = 0, 0.0
        self._refused.clear()
