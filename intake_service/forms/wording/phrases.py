"""What several forms say in the same words: agencies, instants, the applicant, the documents; and what all forms of a
dossier have around it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from intake_service.forms.rules import Edition, Entry, FormVersion, Sheet
from intake_service.forms.wording.shapes import Block, Office, Paper, Signature, Subject, Table
from shared.domain.civil_time import local
from shared.domain.deadline import Account

#: What one form may hold: an imported dossier can have more, and is told of as a whole.
MOST_DOCUMENTS = 100
MOST_CHARACTERS = 1000
DOTS = "…" * 12
ONE_STOP = "Bộ phận tiếp nhận và trả kết quả"
_ONE_STOP_ABOVE = "Bộ phận tiếp nhận\nvà trả kết quả"


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


def laid_out(
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
        form=form_line(version),
        letterhead=(above.upper(), name.upper()),
        number=number,
        dateline=f"{office.place}, {day_in_words(local(edition.made_at).date())}",
        made_at=edition.made_at,
        size=version.paper,
        blocks=blocks,
        signatures=signatures,
        subtitle=subtitle,
        qr=subject.tracking if tracked else None,
        beside=beside,
    )


def written(instant: datetime) -> str:
    """`10 giờ 30 phút, ngày 22 tháng 7 năm 2019`: as papers have it (Decree 30/2020/NĐ-CP, Appendix I)."""
    here = local(instant)
    return f"{here.hour} giờ {here.minute:02d} phút, {day_in_words(here.date())}"


def short(instant: datetime | None) -> str:
    """`10:30 22/07/2019`, for narrow columns."""
    return f"{local(instant):%H:%M %d/%m/%Y}" if instant else ""


def day_in_words(day: date) -> str:
    """`ngày 05 tháng 8 năm 2019`."""
    month = f"{day.month:02d}" if day.month < 3 else day.month  # a nought for January and February alone
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def written_or_dots(instant: datetime | None) -> str:
    """As `written`; dots where there is nothing to write."""
    return written(instant) if instant else DOTS


def appointment(account: Account) -> str:
    """The date that the applicant was told."""
    if account.promised is None:
        return "không có thời hạn được công bố"
    return written(account.promised.at)


def account_of(so_far: Sequence[Entry]) -> Account:
    """The deadline account that a history left. It has one from acceptance on."""
    account = so_far[-1].told.after.account
    assert account is not None, "such a form is made after acceptance only"
    return account


def person_fields(subject: Subject, label: str, value: str, *, named: bool = True) -> list[tuple[str, str]]:
    """Whose dossier it is and what it is about, after a first field. named: with the applicant's name."""
    party = subject.party
    fields = [(label, value)]
    if named:
        fields.append(("Tiếp nhận hồ sơ của", party.name))
    if party.submitted_by:
        fields.append(("Người nộp hồ sơ", party.submitted_by))
    if party.id_number:
        fields.append(("Số CMND/CCCD/hộ chiếu" if party.is_person else "Mã số", party.id_number))
    fields += [
        ("Địa chỉ", clipped(party.address)),
        ("Số điện thoại", clipped(party.phone)),
        ("Email", clipped(party.email)),
        ("Nội dung yêu cầu giải quyết", content(subject)),
    ]
    return fields


def content(subject: Subject) -> str:
    """What is asked for: the procedure, and in the applicant's words."""
    return clipped(f"{subject.procedure}. {subject.summary}" if subject.summary else subject.procedure)


_COLUMNS = ("original", "certified_copy", "copy", "electronic")


def document_table(documents: Sequence[Mapping[str, Any]]) -> Block:
    """The papers of a dossier, by kind and number."""
    head = ("TT", "Tên giấy tờ", "Bản chính", "Bản sao chứng thực", "Bản sao", "Bản điện\u00a0tử")
    rows = [
        (
            str(number),
            clipped(each["name"]),
            *(str(each["count"]) if each["kind"] == kind else "" for kind in _COLUMNS),
        )
        for number, each in enumerate(documents[:MOST_DOCUMENTS], 1)
    ]
    if len(documents) > MOST_DOCUMENTS:
        rest = len(documents) - MOST_DOCUMENTS
        rows.append(("…", f"và {rest} giấy tờ khác, theo hồ sơ điện tử", "", "", "", ""))
    if not rows:
        rows = [("", DOTS, "", "", "", "")]
    return Block(table=Table(head, rows, (0.4, 3.1, 0.75, 1.05, 0.75, 0.75), (0, 2, 3, 4, 5)))


def clipped(text: str | None, instead: str = DOTS) -> str:
    """`text` as far as a form has room for it; `instead` where there is none."""
    if not text:
        return instead
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def unit_name(subject: Subject, agency_id: int) -> str:
    """An agency's name by its id."""
    return subject.agencies.get(agency_id, subject.office.name)


def form_line(version: FormVersion) -> str:
    """The number of a form, and the circular that has it; of a letter that none has, the decree."""
    if not version.number:
        return f"(Nghị định số {version.legal_basis})"
    return f"Mẫu số {version.number}\n(Thông tư số {version.legal_basis})"


def which_time(edition: Edition) -> str:
    """Of the second and any later form of a kind, which it is."""
    return f"(Lần {edition.number})" if edition.number > 1 else ""


def help_line(office: Office) -> str:
    """Whom to ask."""
    return f"Nếu có vướng mắc, đề nghị liên hệ {ONE_STOP}, {office.name}, số điện thoại {DOTS} để được hướng dẫn."
