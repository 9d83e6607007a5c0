"""What of an export does not go in, and why, for the terminal."""

from rich.markup import escape
from rich.table import Table

from services import tables
from services.installation import Installation
from services.language import said
from services.move.mapping_file import WORDS, shown_part
from services.move.names import names_of
from services.move.seen import Seen

_MOST_SHOWN = 50
_MOST_FIRST = 3


def show_left_out(seen: Seen, installation: Installation) -> None:
    """Words that are not mapped, and lines that do not go in; nothing where there are none. Raises Refused."""
    if seen.unmapped:
        tables.show(_unmapped_table(seen, names_of(installation, {name for name, _ in seen.unmapped})))
    if seen.problems:
        tables.show(_problems_table(seen))


def _unmapped_table(seen: Seen, names: dict[str, dict[str, str]]) -> Table:
    """Words that the mapping does not have: how often, where first, and whose name looks alike."""
    from intake_service.catalogue_mappings.rules import grams, suggestions

    table = Table(title=said("Giá trị chưa có trong tệp ánh xạ", "Words that are not mapped"), title_style="bold")
    heads = (
        ("Bảng", "Table"),
        ("Giá trị", "Word"),
        ("Số dòng", "Lines"),
        ("Dòng đầu", "First"),
        ("Gợi ý", "Looks like"),
    )
    for vietnamese, english in heads:
        table.add_column(said(vietnamese, english), justify="right" if english == "Lines" else "left")
    known = {name: [(code, text, grams(text)) for code, text in listed.items()] for name, listed in names.items()}
    for (name, word), count in seen.unmapped.most_common(_MOST_SHOWN):
        alike = suggestions(word, known.get(name, []))[:2]
        table.add_row(
            WORDS[name][0],
            escape(shown_part(word)) or said("(ô trống)", "(blank)"),
            tables.number(count),
            ", ".join(map(str, seen.unmapped_lines[name, word])),
            escape("; ".join(f"{one.code} {one.name} ({one.score:.2f})" for one in alike)),
        )
    if (more := len(seen.unmapped) - _MOST_SHOWN) > 0:
        table.caption = said(
            f"… và {tables.number(more)} giá trị nữa: `motcua move draft` liệt kê hết",
            f"… and {tables.number(more)} more: `motcua move draft` lists them",
        )
    return table


def _problems_table(seen: Seen) -> Table:
    table = Table(title=said("Dòng không nhập được", "Lines that do not go in"), title_style="bold")
    for vietnamese, english in (("Trường", "Field"), ("Lý do", "Why"), ("Số dòng", "Lines"), ("Dòng đầu", "First")):
        table.add_column(said(vietnamese, english), justify="right" if english == "Lines" else "left")
    for (name, code), count in seen.problems.most_common():
        lines = ", ".join(map(str, seen.first[name, code][:_MOST_FIRST]))
        table.add_row(name or "–", said(*_WHY[code]), tables.number(count), lines)
    return table


_WHY = {
    "unmapped": ("giá trị chưa có trong tệp ánh xạ", "a word that is not mapped"),
    "not_a_date": ("không đọc được ngày giờ", "no date by any of the mapping's forms"),
    "open_with_an_end": ("trạng thái chưa xong nhưng có ngày kết thúc", "open by its status, with a date of its end"),
    "ended_without_a_date": ("trạng thái đã xong nhưng không có ngày kết thúc", "ended by its status, without a date"),
    "after_the_cutover": ("tiếp nhận từ ngày chuyển đổi trở đi", "accepted on the day of the cut-over or later"),
    "too_many_cells": ("nhiều ô hơn số cột", "more cells than columns"),
    "repeated": ("mã hồ sơ cũ đã có ở dòng trước", "the code stands on a line before"),
    "too_few_cells": ("thiếu ô: dòng bị cắt", "cells are missing: the line was cut off"),
    "spoilt": (
        "bảng tính làm hỏng giá trị: công thức, #N/A, 1,2E+12",
        "spoilt by a spreadsheet: a formula, #N/A, 1,2E+12",
    ),
}
