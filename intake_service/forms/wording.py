"""What stands on each form: the circulars' words, filled in. Pure; how it looks is the presses' business (pdf.py,
word.py), which both print one `Paper`, so that the two files of a form say the same.

Fields: Circular 01/2018/TT-VPCP and the templates in use. What is not kept here (the volume of a paper book, a number
of sets) is left as a dotted line to be filled in by hand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from intake_service.forms.rules import Edition, Entry, FormKind, FormVersion, HandOver, Sheet
from shared.domain.civil_time import local, midnight
from shared.domain.deadline import Account, Verdict
from shared.domain.lifecycle import STATUS_VI, EventKind, Status
from shared.domain.terms import Due

#: What one form may hold: an imported dossier can have more, and is told of as a whole.
MOST_DOCUMENTS = 100
MOST_CHARACTERS = 1000
DOTS = "…" * 12
ONE_STOP = "Bộ phận tiếp nhận và trả kết quả"
_ONE_STOP_ABOVE = "Bộ phận tiếp nhận\nvà trả kết quả"


@dataclass(frozen=True, slots=True)
class Party:
    """Whose dossier it is, and who handed it in."""

    name: str
    is_person: bool = True
    id_number: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    submitted_by: str | None = None

    @property
    def addressed(self) -> str:
        """As a letter calls it."""
        return f"Ông/Bà {self.name}" if self.is_person else self.name


@dataclass(frozen=True, slots=True)
class Office:
    """The agency that received a dossier, as a letterhead has it. superior: None for a people's committee."""

    name: str
    superior: str | None
    place: str


@dataclass(frozen=True, slots=True)
class Phase:
    """Of a linked procedure: until when a further agency has the dossier (lines (6) and (7) of the receipt)."""

    agency: str
    received_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a form says of a dossier beside its events. term: in words. tracking: address behind the QR code."""

    code: str
    office: Office
    procedure: str
    summary: str | None
    party: Party
    documents: Sequence[Mapping[str, Any]]
    term: str
    returned_by_post: bool
    tracking: str | None = None
    phases: Sequence[Phase] = ()
    #: Names of agencies by id, for the hand-overs.
    agencies: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head. widths: shares of the width; centred: columns that are."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    centred: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """One of: labelled values, a paragraph, a table."""

    fields: Sequence[tuple[str, str]] = ()
    text: str = ""
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """A place to sign."""

    title: str
    hint: str = "(Ký và ghi rõ họ tên)"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A form ready to be printed. made_at is its date: two printings of it are the same bytes."""

    title: str
    form: str
    letterhead: tuple[str, str]
    number: str
    dateline: str
    made_at: datetime
    size: str
    blocks: Sequence[Block]
    signatures: Sequence[Signature]
    subtitle: str = ""
    qr: str | None = None
    #: How many blocks stand beside the QR code.
    beside: int = 1
    landscape: bool = False


def office_of(name: str, above: Sequence[str]) -> Office:
    """An agency as a letterhead has it. `above`: the agencies over it, nearest first."""
    territory = next((unit for unit in (name, *above) if unit.startswith(_COMMITTEE)), name)
    place = territory.removeprefix(_COMMITTEE).strip()
    kind = next((kind for kind in _TERRITORIES if place.lower().startswith(kind)), "")
    under = above[0] if above and not name.startswith(_COMMITTEE) else None
    return Office(in_full(name), in_full(under) if under else None, place[len(kind) :].strip())


_COMMITTEE = "UBND "
_TERRITORIES = ("tỉnh ", "thành phố ", "thị xã ", "thị trấn ", "huyện ", "phường ", "xã ", "đặc khu ")


def in_full(name: str) -> str:
    """An agency's name as papers have it: UBND is short for it."""
    return f"Ủy ban nhân dân {name.removeprefix(_COMMITTEE)}" if name.startswith(_COMMITTEE) else name


def paper(sheet: Sheet, subject: Subject, history: Sequence[Entry], hand_overs: Sequence[HandOver]) -> Paper:
    """A form of a dossier. Only what had happened when its edition was made is on it."""
    so_far = history[: sheet.edition.upto + 1]
    match sheet.edition.kind:
        case FormKind.RECEIPT:
            return _receipt(sheet, subject, so_far)
        case FormKind.SUPPLEMENT:
            return _supplement(sheet, subject, so_far[-1])
        case FormKind.REFUSAL:
            return _refusal(sheet, subject, so_far[-1])
        case FormKind.APOLOGY:
            return _apology(sheet, subject, so_far)
        case FormKind.STOP:
            return _stop(sheet, subject, so_far[-1])
        case _:
            return _control_slip(sheet, subject, so_far, hand_overs)


def _laid_out(
    sheet: Sheet,
    subject: Subject,
    blocks: Sequence[Block],
    *,
    number: str,
    signatures: Sequence[Signature],
    subtitle: str = "",
    by_the_head: bool = False,
    beside: int = 1,
    tracked: bool = True,
) -> Paper:
    """What all forms of a dossier have. by_the_head: the agency writes it, not its one-stop."""
    (edition, version), office = sheet, subject.office
    above, name = (office.superior or "", office.name) if by_the_head else (office.name, _ONE_STOP_ABOVE)
    return Paper(
        title=version.title.upper(),
        form=_form(version),
        letterhead=(above.upper(), name.upper()),
        number=number,
        dateline=f"{office.place}, {_day(local(edition.made_at).date())}",
        made_at=edition.made_at,
        size=version.paper,
        blocks=blocks,
        signatures=signatures,
        subtitle=subtitle,
        qr=subject.tracking if tracked else None,
        beside=beside,
    )


def _receipt(sheet: Sheet, subject: Subject, so_far: Sequence[Entry]) -> Paper:
    account = _account(so_far)
    documents = list(subject.documents)
    for entry in so_far:
        if entry.kind is EventKind.SUPPLEMENTED:
            documents += entry.detail.get("documents", ())
    times = [
        ("Thời gian giải quyết hồ sơ theo quy định", subject.term),
        ("Thời gian nhận hồ sơ", written(account.accepted_at)),
        ("Thời gian trả kết quả giải quyết hồ sơ", _appointment(account)),
    ]
    times += _why_anew(sheet.edition, so_far[-1])
    for phase in subject.phases:
        times.append((f"Thời gian nhận hồ sơ tại {phase.agency}", _written_or_dots(phase.received_at)))
        times.append((f"Thời gian trả kết quả tại {phase.agency}", _written_or_dots(phase.due_at)))
    collected = "Qua dịch vụ bưu chính công ích" if subject.returned_by_post else f"{ONE_STOP}, {subject.office.name}"
    blocks = [
        Block(fields=_of(subject, ONE_STOP, subject.office.name)),
        Block(text="Thành phần hồ sơ nộp gồm:"),
        _documents(documents),
        Block(fields=[("Số lượng hồ sơ", f"{DOTS} (bộ)"), *times, ("Đăng ký nhận kết quả tại", collected)]),
        Block(fields=[("Vào Sổ theo dõi hồ sơ, Quyển số", "…………… Số thứ tự: ……………")]),
    ]
    return _laid_out(
        sheet,
        subject,
        blocks,
        number=f"Mã hồ sơ: {subject.code}",
        subtitle=_instead_of(sheet.edition) or "(Liên: Lưu/Giao người nộp hồ sơ)",
        signatures=[Signature("NGƯỜI NỘP HỒ SƠ"), Signature("NGƯỜI TIẾP NHẬN HỒ SƠ")],
    )


def _supplement(sheet: Sheet, subject: Subject, asked: Entry) -> Paper:
    wanted = list(asked.detail.get("documents", ()))
    basis, until = asked.detail.get("legal_basis"), asked.payload.get("answer_due_at")
    why = [("Lý do", _clipped(asked.reason)), *([("Căn cứ", _clipped(basis))] if basis else [])]
    if until:
        why.append(("Thời hạn bổ sung, hoàn thiện hồ sơ", f"đến {written(datetime.fromisoformat(until))}"))
    blocks = [
        Block(fields=[("Mã hồ sơ", subject.code), *_of(subject, "Hồ sơ của", subject.party.name, named=False)]),
        Block(text="Yêu cầu bổ sung, hoàn thiện hồ sơ gồm những nội dung sau:"),
        *([_documents(wanted)] if wanted else []),
        Block(fields=why),
        Block(text=_help(subject.office)),
    ]
    return _laid_out(
        sheet,
        subject,
        blocks,
        number="Số: ……/HDHS",
        subtitle=_which(sheet.edition),
        signatures=[Signature("", ""), Signature("NGƯỜI HƯỚNG DẪN")],
    )


def _refusal(sheet: Sheet, subject: Subject, refused: Entry) -> Paper:
    on_the_merits = refused.kind is EventKind.FINISHED
    verb = "từ chối giải quyết" if on_the_merits else "không tiếp nhận, giải quyết"
    blocks = [
        Block(fields=_of(subject, "Tiếp nhận hồ sơ của", subject.party.name, named=False)),
        Block(text=f"Qua xem xét, {subject.office.name} thông báo {verb} hồ sơ này với lý do cụ thể như sau:"),
        Block(fields=[("Lý do", _clipped(refused.reason))]),
        Block(text=_help(subject.office)),
        Block(text="Xin thông báo cho Ông/Bà được biết và thực hiện./."),
    ]
    return _laid_out(
        sheet,
        subject,
        blocks,
        number=f"Mã hồ sơ: {subject.code}",
        subtitle=_which(sheet.edition),
        signatures=[Signature("NGƯỜI NỘP HỒ SƠ"), Signature("NGƯỜI TIẾP NHẬN HỒ SƠ")],
    )


def _apology(sheet: Sheet, subject: Subject, so_far: Sequence[Entry]) -> Paper:
    letter = so_far[-1]
    office, party = subject.office, subject.party
    account = _account(so_far)
    before = letter.told.before.account if letter.told.before else None
    promised = before.promised if before else None
    fields = [
        ("Mã hồ sơ", subject.code),
        ("Về việc", _content(subject)),
        ("Ngày tiếp nhận", written(account.accepted_at)),
        ("Thời gian hẹn trả kết quả", _written_or_dots(promised.at if promised else None)),
    ]
    blocks = [
        Block(text=f"Kính gửi: {party.addressed}"),
        Block(text=f"{office.name} đã tiếp nhận hồ sơ của {party.addressed}:"),
        Block(fields=fields),
    ]
    if letter.payload.get("apology") == "lost_or_damaged":
        blocks += _for_a_loss(subject, letter)
    else:
        blocks += _for_lateness(subject, letter, account.promised if account.promised != promised else None)
    return _laid_out(
        sheet,
        subject,
        blocks,
        number=f"Số: {_clipped(letter.detail.get('number'), '……')}",
        by_the_head=True,
        beside=3,
        signatures=[
            Signature("", ""),
            Signature("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", "(Ký, đóng dấu)", _clipped(letter.detail.get("signed_by"), "")),
        ],
    )


def _for_lateness(subject: Subject, letter: Entry, new: Due | None) -> list[Block]:
    """Before the term ends, or after it (Decree 61/2018 art. 19(9), 12(5)). new: the date that it names, if any."""
    office, party = subject.office, subject.party
    words = letter.detail.get("apology")
    account = letter.told.after.account
    if letter.kind is not EventKind.APOLOGISED:
        how = "chưa thể có kết quả như đã hẹn"
    elif account is not None and account.finished_at is not None:
        how = "đã có kết quả nhưng quá thời gian hẹn trả"
    else:
        how = "đã quá thời gian hẹn trả mà chưa có kết quả giải quyết"
    sorry = f"{office.name} xin lỗi {party.addressed} vì sự chậm trễ này"
    blocks = [
        Block(text=f"Đến nay, hồ sơ do {_name(subject, letter.agency_id)} giải quyết {how}."),
        Block(fields=[("Lý do", _clipped(letter.reason))]),
        Block(text=_clipped(words) if words else f"{sorry}{' và hẹn lại như sau:' if new else '.'}"),
    ]
    if new is not None:
        collected = f"{ONE_STOP}, {office.name}"
        blocks.append(Block(fields=[("Thời gian trả kết quả", written(new.at)), ("Tại", collected)]))
    return [*blocks, Block(text="Mong nhận được sự thông cảm./.")]


def _for_a_loss(subject: Subject, letter: Entry) -> list[Block]:
    """Art. 21: made good, paid for, and apologised for."""
    office, party = subject.office, subject.party
    sorry = f"{office.name} xin lỗi {party.addressed}"
    return [
        Block(text="Trong quá trình giải quyết, hồ sơ bị mất, thất lạc hoặc hư hỏng."),
        Block(fields=[("Lý do", _clipped(letter.reason))]),
        Block(text=f"{sorry}, chịu trách nhiệm khắc phục và chi trả các chi phí phát sinh theo quy định./."),
    ]


def _stop(sheet: Sheet, subject: Subject, stopped: Entry) -> Paper:
    before, account = stopped.told.before, stopped.told.after.account
    assert before is not None, "only what was accepted is stopped"
    assert account is not None, "only what was accepted is stopped"
    fields = [
        ("Mã hồ sơ", subject.code),
        ("Chủ hồ sơ", subject.party.name),
        ("Địa chỉ", _clipped(subject.party.address)),
        ("Nội dung yêu cầu giải quyết", _content(subject)),
        ("Thời gian nhận hồ sơ", written(account.accepted_at)),
        ("Giai đoạn giải quyết", STATUS_VI[Status(before.status)]),
    ]
    blocks = [
        Block(text=f"Kính gửi: {subject.party.addressed}"),
        Block(text=f"{subject.office.name} thông báo dừng giải quyết hồ sơ sau đây kể từ {written(stopped.at)}:"),
        Block(fields=fields),
        Block(fields=[("Lý do dừng giải quyết", _clipped(stopped.reason))]),
        Block(fields=[("Nghĩa vụ tài chính đã thực hiện (nếu có)", DOTS)]),
        Block(text=_help(subject.office)),
    ]
    return _laid_out(
        sheet,
        subject,
        blocks,
        number="Số: ……",
        by_the_head=True,
        beside=3,
        signatures=[Signature("", ""), Signature("THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", "(Ký, đóng dấu)")],
    )


def _control_slip(sheet: Sheet, subject: Subject, so_far: Sequence[Entry], handed: Sequence[HandOver]) -> Paper:
    account = _account(so_far)
    known_at = sheet.edition.known_at
    steps = [(each.recorded_at, _handed(subject, each, known_at)) for each in handed if each.recorded_at <= known_at]
    steps += [(entry.recorded_at, row) for entry in so_far if (row := _end(subject, entry)) is not None]
    rows = [row for _, row in sorted(steps, key=itemgetter(0))]
    fields = [
        ("Kèm theo hồ sơ của", subject.party.name),
        ("Ngày nhận", written(account.accepted_at)),
        ("Ngày hẹn trả kết quả", _appointment(account)),
        ("Cơ quan (bộ phận) tiếp nhận", subject.office.name),
        ("Cơ quan (bộ phận) phối hợp giải quyết", DOTS),
    ]
    head = ("TÊN CƠ QUAN", "THỜI GIAN GIAO, NHẬN HỒ SƠ", "KẾT QUẢ GIẢI QUYẾT", "GHI CHÚ")
    return _laid_out(
        sheet,
        subject,
        [
            Block(fields=fields),
            Block(table=Table(head, rows or [_empty_step()], (1.25, 1.75, 0.8, 0.7), (2,))),
        ],
        number=f"Mã hồ sơ: {subject.code}",
        tracked=False,
        signatures=[],
    )


#: Movements that are no plain hand-over, under routing's names.
_MOVEMENTS = {
    "decline": "Từ chối nhận",
    "recall": "Thu hồi",
    "return": "Chuyển trả",
    "reorganisation": "Chuyển do sắp xếp đơn vị",
}


def _handed(subject: Subject, each: HandOver, known_at: datetime) -> tuple[str, str, str, str]:
    giver = _unit(_name(subject, each.giver), each.giver_desk)
    taker = _unit(_name(subject, each.taker), each.taker_desk)
    received = each.received if each.received and each.received.recorded_at <= known_at else None
    by = f"{received.actor}, {written(received.occurred_at)}" if received else "…………"
    when = f"{written(each.occurred_at)}\nNgười giao: {each.actor}\nNgười nhận: {by}"
    note = ": ".join(part for part in (_MOVEMENTS.get(each.kind), _clipped(each.note, "")) if part)
    return f"1. Giao: {giver}\n2. Nhận: {taker}", when, "", note


_ENDED = {
    EventKind.FINISHED: "Xử lý xong",
    EventKind.WITHDRAWN: "Người nộp rút hồ sơ",
    EventKind.STOPPED: "Dừng giải quyết",
    EventKind.RETURNED: "Trả kết quả",
    EventKind.REOPENED: "Mở lại hồ sơ",
}
VERDICTS = {Verdict.EARLY: "Trước hạn", Verdict.ON_DAY: "Đúng hạn", Verdict.LATE: "Quá hạn"}


def _end(subject: Subject, entry: Entry) -> tuple[str, str, str, str] | None:
    account = entry.told.after.account
    if entry.kind not in _ENDED or account is None:
        return None
    verdict = VERDICTS[account.verdict] if account.verdict and account.original_due else ""
    when = f"{written(entry.at)}\nNgười thực hiện: {entry.actor}"
    return _name(subject, entry.agency_id), when, verdict, _ENDED[entry.kind]


def _empty_step() -> tuple[str, str, str, str]:
    when = "… giờ … phút, ngày … tháng … năm …\nNgười giao: …………\nNgười nhận: …………"
    return "1. Giao:\n2. Nhận:", when, "", ""


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A dossier as the ledger shows it."""

    code: str
    procedure: str
    party: Party
    agency: str
    accepted_at: datetime
    due_at: datetime | None
    returned_at: datetime | None
    by_post: bool
    note: str


def ledger(version: FormVersion, office: Office, lines: Sequence[LedgerLine], first: date, last: date) -> Paper:
    """The ledger (sổ theo dõi hồ sơ) of an agency for a period, both days included."""
    head = (
        *(
            "TT",
            "Mã hồ sơ",
            "Tên thủ tục hành chính",
            "Số lượng (bộ)",
            "Tên cá nhân, tổ chức",
            "Địa chỉ, số điện thoại",
        ),
        *("Cơ quan chủ trì giải quyết", "Nhận hồ sơ", "Hẹn trả kết quả", "Trả kết quả"),
        *("Phương thức nhận kết quả", "Ký nhận", "Ghi chú"),
    )
    rows = [
        (
            str(number),
            line.code,
            line.procedure,
            "",
            line.party.name,
            "\n".join(part for part in (line.party.address, line.party.phone) if part),
            line.agency,
            short(line.accepted_at),
            short(line.due_at),
            short(line.returned_at),
            "Bưu chính công ích" if line.by_post else "Trực tiếp",
            "",
            line.note,
        )
        for number, line in enumerate(lines, 1)
    ]
    widths = (0.45, 1.3, 1.9, 0.55, 1.3, 1.5, 1.2, 0.85, 0.85, 0.85, 0.85, 0.6, 0.8)
    return Paper(
        title=version.title.upper(),
        subtitle=f"Từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y}",
        form=_form(version),
        letterhead=(office.superior.upper() if office.superior else "", office.name.upper()),
        number=f"Tổng số: {len(lines)} hồ sơ",
        dateline=f"{office.place}, {_day(last)}",
        made_at=midnight(last),
        size=version.paper,
        landscape=True,
        blocks=[Block(table=Table(head, rows, widths, (0, 3, 7, 8, 9)))],
        signatures=[],
    )


def written(instant: datetime) -> str:
    """`10 giờ 30 phút, ngày 22 tháng 7 năm 2019`: as papers have it (Decree 30/2020/NĐ-CP, Appendix I)."""
    here = local(instant)
    return f"{here.hour} giờ {here.minute:02d} phút, {_day(here.date())}"


def short(instant: datetime | None) -> str:
    """`10:30 22/07/2019`, for narrow columns."""
    return f"{local(instant):%H:%M %d/%m/%Y}" if instant else ""


def _day(day: date) -> str:
    month = f"{day.month:02d}" if day.month < 3 else day.month  # a nought for January and February alone
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def _written_or_dots(instant: datetime | None) -> str:
    return written(instant) if instant else DOTS


def _appointment(account: Account) -> str:
    if account.promised is None:
        return "không có thời hạn được công bố"
    return written(account.promised.at)


def _account(so_far: Sequence[Entry]) -> Account:
    account = so_far[-1].told.after.account
    assert account is not None, "such a form is made after acceptance only"
    return account


def _of(subject: Subject, label: str, value: str, *, named: bool = True) -> list[tuple[str, str]]:
    party = subject.party
    fields = [(label, value)]
    if named:
        fields.append(("Tiếp nhận hồ sơ của", party.name))
    if party.submitted_by:
        fields.append(("Người nộp hồ sơ", party.submitted_by))
    if party.id_number:
        fields.append(("Số CMND/CCCD/hộ chiếu" if party.is_person else "Mã số", party.id_number))
    fields += [
        ("Địa chỉ", _clipped(party.address)),
        ("Số điện thoại", _clipped(party.phone)),
        ("Email", _clipped(party.email)),
        ("Nội dung yêu cầu giải quyết", _content(subject)),
    ]
    return fields


def _content(subject: Subject) -> str:
    return _clipped(f"{subject.procedure}. {subject.summary}" if subject.summary else subject.procedure)


_COLUMNS = ("original", "certified_copy", "copy", "electronic")


def _documents(documents: Sequence[Mapping[str, Any]]) -> Block:
    head = ("TT", "Tên giấy tờ", "Bản chính", "Bản sao chứng thực", "Bản sao", "Bản điện tử")
    rows = [
        (
            str(number),
            _clipped(each["name"]),
            *(str(each["count"]) if each["kind"] == kind else "" for kind in _COLUMNS),
        )
        for number, each in enumerate(documents[:MOST_DOCUMENTS], 1)
    ]
    if len(documents) > MOST_DOCUMENTS:
        rest = len(documents) - MOST_DOCUMENTS
        rows.append(("…", f"và {rest} giấy tờ khác, theo hồ sơ điện tử", "", "", "", ""))
    if not rows:
        rows = [("", DOTS, "", "", "", "")]
    return Block(table=Table(head, rows, (0.4, 3.2, 0.75, 0.95, 0.75, 0.75), (0, 2, 3, 4, 5)))


def _clipped(text: str | None, instead: str = DOTS) -> str:
    if not text:
        return instead
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def _name(subject: Subject, agency_id: int) -> str:
    return subject.agencies.get(agency_id, subject.office.name)


def _unit(name: str, desk: str | None) -> str:
    return f"{name}, {desk}" if desk else name


def _form(version: FormVersion) -> str:
    return f"Mẫu số {version.number}\n(Thông tư số {version.legal_basis})"


def _which(edition: Edition) -> str:
    return f"(Lần {edition.number})" if edition.number > 1 else ""


def _instead_of(edition: Edition) -> str:
    return f"(Cấp lại lần {edition.number - 1}, thay giấy đã cấp trước đó)" if edition.number > 1 else ""


_WHY_ANEW = {
    EventKind.SUPPLEMENTED: "hồ sơ đã được bổ sung, hoàn thiện",
    EventKind.PAID: "đã thực hiện nghĩa vụ tài chính",
    EventKind.RESCHEDULED: "thời hạn giải quyết được tính lại",
    EventKind.CORRECTED: "đính chính thông tin tiếp nhận",
}


def _why_anew(edition: Edition, entry: Entry) -> list[tuple[str, str]]:
    """Of a receipt that takes the place of another: why, and the date that the other had, if that is what changed."""
    before = entry.told.before.account if entry.told.before else None
    if edition.number == 1 or before is None:
        return []
    decision = entry.payload.get("decision")
    basis = f", theo văn bản số {decision}" if decision else ""
    fields = [("Lý do cấp lại", _clipped(f"{_WHY_ANEW.get(entry.kind, 'có thay đổi')}{basis}"))]
    if before.promised is not None and before.promised != _account([entry]).promised:
        fields.append(("Thời gian hẹn trả đã ghi trên giấy trước", written(before.promised.at)))
    return fields


def _help(office: Office) -> str:
    return f"Nếu có vướng mắc, đề nghị liên hệ {ONE_STOP}, {office.name}, số điện thoại {DOTS} để được hướng dẫn."
