"""The press for DOCX: the same `Paper` as PDF, for whoever has to write on it.

The parts of the file come from python-docx; paragraphs and tables are made as elements, since a ledger has thousands of
cells. Text is set as text of an element, so that no character of it is markup. The font is named, not embedded: Times
New Roman, whose metric twin the PDF has.
"""

import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Mm, Pt

from intake_service.forms.press import code_of
from intake_service.forms.wording.shapes import Block, Paper, Signature, Table
from shared.domain.civil_time import local

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_FONT = "Times New Roman"
#: Width and height upright, and the margin, mm.
_SIZES = {"A5": (148, 210, 11), "A4": (210, 297, 12)}
_TWIPS_PER_MM = 56.7
#: What the QR code takes of the width, mm.
_CODE = 23.0
_NATION = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")


def printed(paper: Paper) -> bytes:
    """A form as DOCX. The same form is the same bytes."""
    document = Document()
    width = _set_up(document, paper)
    body = document.element.body
    small, normal = (7, 8) if paper.landscape else (8, 9.5)
    _paragraph(body, paper.form, align="right", italic=True, size=small)
    _letterhead(body, paper, width, normal)
    _heading(body, paper, normal)
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
    _date(document, paper)
    made = BytesIO()
    document.save(made)
    return _dated(made.getvalue(), paper.made_at)


def _set_up(document: Any, paper: Paper) -> float:
    """The page and the font; returns the width between the margins, mm."""
    width, height, margin = _SIZES[paper.size]
    section = document.sections[0]
    if paper.landscape:
        width, height = height, width
        section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(width), Mm(height)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(margin)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _FONT, Pt(9.5)
    for side in ("w:eastAsia", "w:cs"):
        normal.element.rPr.rFonts.set(qn(side), _FONT)
    normal.paragraph_format.space_after = Pt(2)
    return width - 2 * margin


def _date(document: Any, paper: Paper) -> None:
    about = document.core_properties
    about.title = _clean(paper.title)
    about.created = about.modified = local(paper.made_at).replace(tzinfo=None)
    about.author = about.last_modified_by = about.comments = ""
    about.language = "vi"


def _letterhead(body: Any, paper: Paper, width: float, size: float) -> None:
    left, right = _borderless(body, [0.45 * width, 0.55 * width])
    above, office = paper.letterhead
    if above:
        _paragraph(left, above, align="center", size=size - 0.8)
    _paragraph(left, office, align="center", bold=True, size=size - 0.8)
    _paragraph(left, paper.number, align="center", size=size)
    _paragraph(right, _NATION[0], align="center", bold=True, size=size - 0.8)
    _paragraph(right, _NATION[1], align="center", bold=True, underlined=True, size=size)
    _paragraph(right, paper.dateline, align="center", italic=True, size=size)


def _heading(body: Any, paper: Paper, size: float) -> None:
    _paragraph(body, "", size=4, after=0)
    _paragraph(body, paper.title, align="center", bold=True, size=size + 2.5)
    if paper.subtitle:
        _paragraph(body, paper.subtitle, align="center", italic=True, size=size)
    _paragraph(body, "", size=4, after=0)


def _beside_the_code(document: Any, address: str, width: float) -> Any:
    """The QR code at the right; returns where to write at its left."""
    left, right = _borderless(document.element.body, [width - _CODE, _CODE])
    drawn = BytesIO()
    code_of(address).save(drawn, kind="png", scale=6, border=2)
    picture = document.add_paragraph()
    picture.alignment = WD_ALIGN_PARAGRAPH.CENTER
    picture.add_run().add_picture(drawn, width=Mm(20))
    right.append(picture._p)
    _paragraph(right, "Tra cứu hồ sơ", align="center", size=6.5)
    return left


def _block(parent: Any, block: Block, width: float, size: float) -> None:
    for label, value in block.fields:
        _paragraph(parent, f"{label}: {value}", size=size)
    if block.text:
        _paragraph(parent, block.text, size=size)
    if block.table is not None:
        _table(parent, block.table, width, size - 0.8)


def _table(body: Any, table: Table, width: float, size: float) -> None:
    shares = [width * share / sum(table.widths) for share in table.widths]
    made = _grid(body, shares, border="single")
    for number, row in enumerate([table.head, *table.rows]):
        line = _child(made, "w:tr")
        if number == 0:
            _child(_child(line, "w:trPr"), "w:tblHeader")
        for column, (text, share) in enumerate(zip(row, shares, strict=True)):
            centred = number == 0 or column in table.centred
            _paragraph(
                _cell(line, share), text, align="center" if centred else "left", bold=number == 0, size=size, after=0
            )
    _paragraph(body, "", size=2, after=0)


def _signatures(body: Any, signatures: Sequence[Signature], width: float, size: float) -> None:
    for cell, each in zip(_borderless(body, [width / len(signatures)] * len(signatures)), signatures, strict=True):
        _paragraph(cell, each.title, align="center", bold=True, size=size)
        _paragraph(cell, each.hint, align="center", italic=True, size=size)
        if each.title:
            for _ in range(3):
                _paragraph(cell, "", size=size)
        _paragraph(cell, each.name, align="center", bold=True, size=size)


def _borderless(body: Any, widths: Sequence[float]) -> list[Any]:
    line = _child(_grid(body, widths, border="none"), "w:tr")
    return [_cell(line, width) for width in widths]


def _grid(body: Any, widths: Sequence[float], *, border: str) -> Any:
    table = _child(body, "w:tbl")
    about = _child(table, "w:tblPr")
    _child(about, "w:tblW", w=str(_twips(sum(widths))), type="dxa")
    borders = _child(about, "w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        _child(borders, f"w:{side}", val=border, sz="4", space="0", color="auto")
    _child(about, "w:tblLayout", type="fixed")
    margins = _child(about, "w:tblCellMar")
    for side in ("left", "right"):
        _child(margins, f"w:{side}", w="60", type="dxa")
    columns = _child(table, "w:tblGrid")
    for width in widths:
        _child(columns, "w:gridCol", w=str(_twips(width)))
    return table


def _cell(line: Any, width: float) -> Any:
    cell = _child(line, "w:tc")
    _child(_child(cell, "w:tcPr"), "w:tcW", w=str(_twips(width)), type="dxa")
    return cell


def _paragraph(
    parent: Any,
    text: str,
    *,
    size: float,
    align: str = "left",
    bold: bool = False,
    italic: bool = False,
    underlined: bool = False,
    after: float = 2,
) -> None:
    paragraph = _child(parent, "w:p")
    about = _child(paragraph, "w:pPr")
    _child(about, "w:spacing", before="0", after=str(round(20 * after)))
    _child(about, "w:jc", val=align)
    for number, line in enumerate(text.split("\n")):
        run = _child(paragraph, "w:r")
        look = _child(run, "w:rPr")
        if bold:
            _child(look, "w:b")
        if italic:
            _child(look, "w:i")
        _child(look, "w:sz", val=str(round(2 * size)))
        if underlined:
            _child(look, "w:u", val="single")
        if number:
            _child(run, "w:br")
        written = _child(run, "w:t")
        written.set(qn("xml:space"), "preserve")
        written.text = _clean(line)


def _child(parent: Any, tag: str, **attributes: str) -> Any:
    made = OxmlElement(tag, {qn(f"w:{name}"): value for name, value in attributes.items()})
    parent.append(made)
    return made


def _clean(text: str) -> str:
    """Without what XML 1.0 has no way to say; the import lets no control character in, and neither does this."""
    return "".join(c for c in text if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")


def _twips(width: float) -> int:
    return round(width * _TWIPS_PER_MM)


def _dated(file: bytes, at: datetime) -> bytes:
    """The parts with one date of their own: a file made twice is the same file."""
    made = BytesIO()
    here = local(at)
    stamp = (max(here.year, 1980), here.month, here.day, here.hour, here.minute, here.second)
    with zipfile.ZipFile(BytesIO(file)) as parts, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in parts.namelist():
            part = zipfile.ZipInfo(name, stamp)
            part.compress_type, part.create_system = zipfile.ZIP_DEFLATED, 0
            kept.writestr(part, parts.read(name))
    return made.getvalue()
