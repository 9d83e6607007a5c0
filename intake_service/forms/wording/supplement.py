"""Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ: what is missing, why, and until when."""

from datetime import datetime

from intake_service.forms.rules import Entry, Sheet
from intake_service.forms.wording.phrases import (
    clipped,
    document_table,
    help_line,
    laid_out,
    person_fields,
    which_time,
    written,
)
from intake_service.forms.wording.shapes import Block, Paper, Signature, Subject


def supplement(sheet: Sheet, subject: Subject, asked: Entry) -> Paper:
    """What is missing. asked: the event of the request."""
    wanted = list(asked.detail.get("documents", ()))
    basis, until = asked.detail.get("legal_basis"), asked.payload.get("answer_due_at")
    why = [("Lý do", clipped(asked.reason)), *([("Căn cứ", clipped(basis))] if basis else [])]
    if until:
        why.append(("Thời hạn bổ sung, hoàn thiện hồ sơ", f"đến {written(datetime.fromisoformat(until))}"))
    blocks = [
        Block(
            fields=[("Mã hồ sơ", subject.code), *person_fields(subject, "Hồ sơ của", subject.party.name, named=False)]
        ),
        Block(text="Yêu cầu bổ sung, hoàn thiện hồ sơ gồm những nội dung sau:"),
        *([document_table(wanted)] if wanted else []),
        Block(fields=why),
        Block(text=help_line(subject.office)),
    ]
    return laid_out(
        sheet,
        subject,
        blocks,
        number="Số: ……/HDHS",
        subtitle=which_time(sheet.edition),
        signatures=[Signature("", ""), Signature("NGƯỜI HƯỚNG DẪN")],
    )
