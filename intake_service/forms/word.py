"""The press for DOCX: the same `Paper` as PDF, for whoever has to write on it."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm

from intake_service.forms.qr import code_of
from intake_service.forms.wording.shapes import Block, Paper, Signature, Table
from shared.press import elements

#: Width and height upright, and the margin, mm.
_SIZES = {"A5": (148, 210, 11), "A4": (210, 297, 12)}
#: What the QR code takes of the width, mm.
_CODE = 23.0
#: How wide a title of an upright form is, mm.
_TITLE = 108.0
_NATION = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")


def printed(paper: Paper) -> bytes:
    """A form as DOCX. The same form is the same bytes."""
    document = Document()
    width = _set_up(document, paper)
    body = document.element.body
    small, normal = (7, 8) if paper.landscape else (8, 9.5)
    elements.paragraph(body, paper.form, align="right", italic=True, size=small)
    _letterhead(body, paper, width, normal)
    _heading(body, paper, width, normal)
    beside = paper.beside if paper.qr else 0
    if paper.qr:
        left = _beside_the_code(document, paper.qr, width)
        for block in paper.blocks[:beside]:
            _block(left, block, width - _CODE, normal)
    for block in paper.blocks[beside:]:
        _block(body, block, width, normal)
    if paper.signatures:
        _signatures(body, paper.signatures, width, normal)
    body.append(body.sectPr)  # Word wants the section's properties last
    elements.set_about(document, paper.title, paper.made_at)
    made = BytesIO()
    document.save(made)
    return elements.dated(made.getvalue(), paper.made_at)


def _set_up(document: Any, paper: Paper) -> float:
    """The page and the font; returns the width between the margins, mm."""
    width, height, margin = _SIZES[paper.size]
    section = document.sections[0]
    if paper.landscape:
        width, height = height, width
        section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(margin)
    elements.set_font(document, 9.5)
    if paper.may_be_long:
        elements.number_pages(section)
    return width - 2 * margin


def _letterhead(body: Any, paper: Paper, width: float, size: float) -> None:
    left, right = elements.borderless(body, [0.45 * width, 0.55 * width])
    above, office = paper.letterhead
    if above:
        elements.paragraph(left, above, align="center", size=size - 0.8)
    elements.paragraph(left, office, align="center", bold=True, size=size - 0.8)
    elements.paragraph(left, paper.number, align="center", size=size)
    elements.paragraph(right, _NATION[0], align="center", bold=True, size=size - 0.8)
    elements.paragraph(right, _NATION[1], align="center", bold=True, underlined=True, size=size)
    elements.paragraph(right, paper.dateline, align="center", italic=True, size=size)


def _heading(body: Any, paper: Paper, width: float, size: float) -> None:
    elements.paragraph(body, "", size=4, after=0)
    # No word of a long title stands alone: it is as wide as on the PDF.
    indent = 0.0 if paper.landscape else (width - _TITLE) / 2
    elements.paragraph(body, paper.title, align="center", bold=True, size=size + 2.5, indent=indent)
    if paper.subtitle:
        elements.paragraph(body, paper.subtitle, align="center", italic=True, size=size)
    elements.paragraph(body, "", size=4, after=0)


def _beside_the_code(document: Any, address: str, width: float) -> Any:
    """The QR code at the right; returns where to write at its left."""
    left, right = elements.borderless(document.element.body, [width - _CODE, _CODE])
    drawn = BytesIO()
    code_of(address).save(drawn, kind="png", scale=6, border=2)
    picture = document.add_paragraph()
    picture.alignment = WD_ALIGN_PARAGRAPH.CENTER
    inline = picture.add_run().add_picture(drawn, width=Mm(20))._inline
    for side in ("distT", "distB", "distL", "distR"):  # unsaid, LibreOffice takes 3 mm: then it is not in the middle
        inline.set(side, "0")
    right.append(picture._p)
    elements.paragraph(right, "Tra cứu hồ sơ", align="center", size=6.5)
    return left


def _block(parent: Any, block: Block, width: float, size: float) -> None:
    for label, value in block.fields:
        elements.paragraph(parent, f"{label}: {value}", size=size)
    if block.text:
        elements.paragraph(parent, block.text, size=size)
    if block.table is not None:
        _table(parent, block.table, width, size - 0.8)


def _table(body: Any, table: Table, width: float, size: float) -> None:
    shares = [width * share / sum(table.widths) for share in table.widths]
    made = elements.grid(body, shares, border="single")
    for number, row in enumerate([table.head, *table.rows]):
        line = elements.row(made, head=number == 0)
        for column, (text, share) in enumerate(zip(row, shares, strict=True)):
            centred = number == 0 or column in table.centred
            elements.paragraph(
                elements.cell(line, share, middle=number == 0),
                text,
                align="center" if centred else "left",
                bold=number == 0,
                size=size,
                after=0,
            )
    elements.paragraph(body, "", size=4, after=0)


def _signatures(body: Any, signatures: Sequence[Signature], width: float, size: float) -> None:
    elements.paragraph(body, "", size=4, after=0)
    for cell, each in zip(
        elements.borderless(body, [width / len(signatures)] * len(signatures)), signatures, strict=True
    ):
        elements.paragraph(cell, each.title, align="center", bold=True, size=size)
        elements.paragraph(cell, each.hint, align="center", italic=True, size=size)
        if each.title:
            for _ in range(3):
                elements.paragraph(cell, "", size=size)
        elements.paragraph(cell, each.name, align="center", bold=True, size=size)
