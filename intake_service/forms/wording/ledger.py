"""Sổ theo dõi hồ sơ: the dossiers that an agency received in a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from intake_service.forms.rules import FormVersion
from intake_service.forms.wording.phrases import day_in_words, form_line, short
from intake_service.forms.wording.shapes import Block, Office, Paper, Party, Table
from shared.domain.civil_time import midnight


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
    widths = (0.45, 1.7, 1.8, 0.5, 1.2, 1.4, 1.15, 0.85, 0.85, 0.85, 0.85, 0.6, 0.8)
    return Paper(
        title=version.title.upper(),
        subtitle=f"Từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y}",
        form=form_line(version),
        letterhead=(office.superior.upper() if office.superior else "", office.name.upper()),
        number=f"Tổng số: {len(lines)} hồ sơ",
        dateline=f"{office.place}, {day_in_words(last)}",
        made_at=midnight(last),
        size=version.paper,
        landscape=True,
        blocks=[Block(table=Table(head, rows, widths, (0, 3, 7, 8, 9)))],
        signatures=[],
    )
