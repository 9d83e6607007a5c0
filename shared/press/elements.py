"""The elements of a DOCX, and its date.

The parts of a file come from python-docx; paragraphs and tables are made as elements, since a ledger has thousands of
cells. Text is set as text of an element, so that no character of it is markup. The font is named, not embedded: Times
New Roman, whose metric twin the PDF has.
"""

import zipfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.oxml.parser import OxmlElement
from docx.shared import Mm, Pt

from shared.domain.civil_time import local

FONT = "Times New Roman"
_TWIPS_PER_MM = 56.7
#: At the left and the right in a cell, twips.
_PADDING = 60


def set_font(document: Any, size: float) -> None:
    """The font of all its text, and its usual size in points."""
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FONT, Pt(size)
    for side in ("w:eastAsia", "w:cs"):
        normal.element.rPr.rFonts.set(qn(side), FONT)
    normal.paragraph_format.space_after = Pt(2)
    document.styles.element.find(f".//{qn('w:lang')}").set(qn("w:val"), "vi-VN")  # else Word underlines every word


def number_pages(section: Any) -> None:
    """`1/2` at the foot of each page: what fell down can be put in order again."""
    section.footer_distance = Mm(6)
    foot = section.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for field, text in (("PAGE", "1"), ("", "/"), ("NUMPAGES", "1")):
        run = child(child(foot._p, "w:fldSimple", instr=field) if field else foot._p, "w:r")
        child(child(run, "w:rPr"), "w:sz", val="15")
        child(run, "w:t").text = text


#: What a property of a document holds.
_LONGEST_PROPERTY = 255


def set_about(document: Any, title: str, at: datetime) -> None:
    """Its title, date and language; nothing of who made it, or on what."""
    about = document.core_properties
    about.title = clean(title)[:_LONGEST_PROPERTY]
    about.created = about.modified = local(at).replace(tzinfo=None)
    about.author = about.last_modified_by = about.comments = ""
    about.language = "vi"


def borderless(body: Any, widths: Sequence[float]) -> list[Any]:
    """The cells of one line without a border."""
    line = row(grid(body, widths, border="none"))
    return [cell(line, width) for width in widths]


def grid(body: Any, widths: Sequence[float], *, border: str) -> Any:
    """A table without lines yet. widths: mm; border: single, or none."""
    table = child(body, "w:tbl")
    about = child(table, "w:tblPr")
    child(about, "w:tblW", w=str(twips(sum(widths))), type="dxa")
    # Word sets the text of a cell at the margin: a border is moved in, so as to stand there itself.
    child(about, "w:tblInd", w=str(_PADDING if border != "none" else 0), type="dxa")
    borders = child(about, "w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        child(borders, f"w:{side}", val=border, sz="4", space="0", color="auto")
    child(about, "w:tblLayout", type="fixed")
    margins = child(about, "w:tblCellMar")
    for side in ("left", "right"):
        child(margins, f"w:{side}", w=str(_PADDING), type="dxa")
    columns = child(table, "w:tblGrid")
    for width in widths:
        child(columns, "w:gridCol", w=str(twips(width)))
    return table


def row(table: Any, *, head: bool = False) -> Any:
    """A line of a table, which stays on one page. head: it stands on every page that the table takes."""
    made = child(table, "w:tr")
    about = child(made, "w:trPr")
    child(about, "w:cantSplit")
    if head:
        child(about, "w:tblHeader")
    return made


def cell(line: Any, width: float, *, across: int = 1, down: str = "", middle: bool = False) -> Any:
    """A cell of a line. across: columns it takes; down: restart or continue where it is merged with those below;
    middle: what is in it stands halfway down."""
    made = child(line, "w:tc")
    about = child(made, "w:tcPr")
    child(about, "w:tcW", w=str(twips(width)), type="dxa")
    if across > 1:
        child(about, "w:gridSpan", val=str(across))
    if down:
        child(about, "w:vMerge", val=down)
    if middle:
        child(about, "w:vAlign", val="center")
    return made


def paragraph(
    parent: Any,
    text: str,
    *,
    size: float,
    align: str = "left",
    bold: bool = False,
    italic: bool = False,
    underlined: bool = False,
    after: float = 2,
    indent: float = 0,
    with_next: bool = False,
) -> Any:
    """A paragraph with its text, sizes in points. Lines end where the text has them. indent: at either side, mm.
    with_next: it stands on the page of what follows. Without a text it is a gap of its size."""
    made = child(parent, "w:p")
    about = child(made, "w:pPr")
    if with_next:
        child(about, "w:keepNext")
    # Single, whatever the template has.
    high = {"line": "240", "lineRule": "auto"} if text else {"line": str(round(24 * size)), "lineRule": "exact"}
    child(about, "w:spacing", before="0", after=str(round(20 * after)), **high)
    if indent:
        child(about, "w:ind", left=str(twips(indent)), right=str(twips(indent)))
    child(about, "w:jc", val=align)
    for number, line in enumerate(text.split("\n")):
        run = child(made, "w:r")
        look = child(run, "w:rPr")
        if bold:
            child(look, "w:b")
        if italic:
            child(look, "w:i")
        child(look, "w:sz", val=str(round(2 * size)))
        if underlined:
            child(look, "w:u", val="single")
        if number:
            child(run, "w:br")
        written = child(run, "w:t")
        written.set(qn("xml:space"), "preserve")
        written.text = clean(line)
    return made


def child(parent: Any, tag: str, **attributes: str) -> Any:
    """An element at the end of another; attributes in the namespace w."""
    made = OxmlElement(tag, {qn(f"w:{name}"): value for name, value in attributes.items()})
    parent.append(made)
    return made


def clean(text: str) -> str:
    """Without what XML 1.0 has no way to say; the import lets no control character in, and neither does this."""
    return "".join(c for c in text if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")


def twips(width: float) -> int:
    """Of mm."""
    return round(width * _TWIPS_PER_MM)


def dated(file: bytes, at: datetime) -> bytes:
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
