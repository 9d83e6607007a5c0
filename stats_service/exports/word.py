"""The press for DOCX: A4 landscape, the heading repeated on every page, a line never cut by the end of one."""

from io import BytesIO
from typing import IO, Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.shared import Mm

from shared.press import elements
from shared.press.threads import wanted
from stats_service.exports.table import ALIGNED, Filled, Line, Table, heading
from stats_service.exports.table import printed as shown

_WIDTH, _HEIGHT, _MARGIN = 297, 210, 12
_SIZE, _SMALL = 10.0, 8.0
_MOST_COLUMNS = 15  # of more the letters are smaller still
#: The last rows, which stand on the page on which is signed.
_HELD = 2


def printed(filled: Filled, file: IO[bytes]) -> None:
    """The whole table into a file."""
    table = filled.table
    document = Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(_WIDTH), Mm(_HEIGHT)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(_MARGIN)
    elements.set_font(document, _SIZE)
    body, width = document.element.body, _WIDTH - 2 * _MARGIN
    _head(body, table, width)
    _grid(body, filled, width)
    for note in table.notes:
        elements.paragraph(body, note, size=9, with_next=bool(table.signatures))
    _signatures(body, table, width)
    _page_number(section)
    body.append(body.sectPr)  # Word wants the section's properties last
    elements.set_about(document, table.title, table.dated)
    made = BytesIO()
    document.save(made)
    file.write(elements.dated(made.getvalue(), table.dated))


def _head(body: Any, table: Table, width: float) -> None:
    if table.left or table.right:
        for cell, lines in zip(elements.borderless(body, [width / 2] * 2), (table.left, table.right), strict=True):
            for line in lines or [Line("")]:
                elements.paragraph(
                    cell, line.text, align="center", bold=line.bold, italic=line.italic, size=_SIZE, after=0
                )
        elements.paragraph(body, "", size=4, after=0)
    elements.paragraph(body, table.title, align="center", bold=True, size=13)
    for subtitle in table.subtitles:
        elements.paragraph(body, subtitle, align="center", italic=True, size=_SIZE)
    if table.warning:
        elements.paragraph(body, table.warning, align="center", bold=True, size=_SIZE)
    unit = f"Đơn vị tính: {table.unit}" if table.unit else ""
    elements.paragraph(body, unit, align="right", italic=True, size=9)


def _grid(body: Any, filled: Filled, width: float) -> None:
    columns = filled.table.columns
    size = _SMALL + 1 if len(columns) <= _MOST_COLUMNS else _SMALL - 1
    whole = sum(column.width for column in columns)
    widths = [width * column.width / whole for column in columns]
    grid = elements.grid(body, widths, border="single")
    lines = heading(columns)
    numbered = any(column.number for column in columns)
    reached = [0] * len(columns)
    for number, cells in enumerate(lines):
        line = _line(grid, heads=True)
        begins = {cell.column: cell for cell in cells}
        n = 0
        while n < len(columns):
            if n in begins:
                head = begins[n]
                small = numbered and number == len(lines) - 1
                made = elements.cell(
                    line,
                    sum(widths[n : n + head.across]),
                    across=head.across,
                    down="restart" if head.down > 1 else "",
                )
                elements.child(made.tcPr, "w:vAlign", val="center")
                elements.paragraph(
                    made, head.text, align="center", bold=not small, italic=small, size=size - small, after=0
                )
                reached[n : n + head.across] = [number + head.down] * head.across
                n += head.across
            else:
                made = elements.cell(line, widths[n], down="continue")
                elements.paragraph(made, "", size=size, after=0)
                n += 1
    named = filled.table.named
    # Nobody signs a page on which nothing of the table stands.
    held = len(filled.rows) - _HELD if filled.table.signatures else len(filled.rows)
    for number, row in enumerate(wanted(filled.rows)):
        line = _line(grid)
        for column, value, share in zip(columns, row.values, widths, strict=True):
            indent = "\u2002" * (2 * row.depth) if column is named else ""
            elements.paragraph(
                elements.cell(line, share),
                indent + shown(column.kind, value),
                align=ALIGNED[column.kind],
                bold=row.kind != "line",
                size=size,
                after=0,
                with_next=number >= held,
            )
    elements.paragraph(body, "", size=4, after=0, with_next=bool(filled.table.signatures))


def _line(grid: Any, *, heads: bool = False) -> Any:
    line = elements.child(grid, "w:tr")
    about = elements.child(line, "w:trPr")
    elements.child(about, "w:cantSplit")
    if heads:
        elements.child(about, "w:tblHeader")
    return line


def _signatures(body: Any, table: Table, width: float) -> None:
    if not table.signatures:
        return
    signed = [None, *table.signatures] if len(table.signatures) == 1 else list(table.signatures)
    elements.paragraph(body, "", size=4, after=0, with_next=True)
    for cell, each in zip(elements.borderless(body, [width / len(signed)] * len(signed)), signed, strict=True):
        elements.paragraph(cell, each.title if each else "", align="center", bold=True, size=_SIZE, after=0)
        elements.paragraph(cell, each.hint if each else "", align="center", italic=True, size=_SIZE)
        for _ in range(3):
            elements.paragraph(cell, "", size=_SIZE)


def _page_number(section: Any) -> None:
    section.footer.is_linked_to_previous = False
    footer = section.footer.paragraphs[0]._p
    elements.child(elements.child(footer, "w:pPr"), "w:jc", val="center")
    for field in ("PAGE", "NUMPAGES"):
        if field == "NUMPAGES":
            elements.child(elements.child(footer, "w:r"), "w:t").text = "/"
        elements.child(footer, "w:fldSimple", instr=f" {field} ")
