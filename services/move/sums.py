"""Sums by agency and month of acceptance, for the terminal."""

from collections.abc import Iterable, Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from services import tables
from services.language import said
from services.move.mapping_file import shown_part


def sums_table(title: str, names: Mapping[str, str], lines: Iterable[tuple[str, str, Sequence[str]]]) -> Table:
    """Of each line agency, month, and what stands under received, finished, on time and late. names: of agencies by
    code, where the terminal has room for them."""
    table = Table(title=title, title_style="bold")
    table.add_column(said("Cơ quan", "Agency"), overflow="fold")
    table.add_column(said("Tháng", "Month"))
    for head in (("Tiếp nhận", "Received"), ("Đã xong", "Finished"), ("Đúng hạn", "On time"), ("Quá hạn", "Late")):
        table.add_column(said(*head), justify="right")
    for agency, month, cells in lines:
        called = f"{agency} {names[agency]}" if tables.wide() and agency in names else shown_part(agency)
        table.add_row(escape(called), month, *cells)
    return table
