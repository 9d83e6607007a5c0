"""Tables for people: Vietnamese titles, numbers as Vietnamese print writes them (136.583 and 97,51 %)."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

COLUMNS = (
    ("carried_over", "Kỳ trước\nchuyển qua"),
    ("received", "Tiếp nhận\ntrong kỳ"),
    ("to_handle", "Tổng phải\ngiải quyết"),
    ("resolved", "Đã giải\nquyết"),
    ("resolved_on_time", "Đúng hạn"),
    ("on_time_rate", "% đúng\nhạn"),
    ("resolved_late", "Quá hạn"),
    ("late_rate", "% quá\nhạn"),
    ("pending", "Đang giải\nquyết"),
)


#: (figure, Vietnamese, English, the rate beside it)
UPRIGHT = (
    ("carried_over", "Kỳ trước chuyển qua", "carried over", None),
    ("received", "Tiếp nhận trong kỳ", "received", None),
    ("to_handle", "Tổng phải giải quyết", "to handle", None),
    ("resolved", "Đã giải quyết", "resolved", None),
    ("resolved_on_time", "  Đúng hạn", "on time", "on_time_rate"),
    ("resolved_late", "  Quá hạn", "late", "late_rate"),
    ("pending", "Đang giải quyết", "pending", None),
    ("pending_in_term", "  Trong hạn", "in term", None),
    ("pending_overdue", "  Quá hạn", "overdue", None),
)
_NO_LIMIT = 1000
_NAME_WIDTH = 24
SYNTHETIC = "Dữ liệu mô phỏng, không phải hồ sơ thật · synthetic records, not real dossiers"


def number(value: object) -> str:
    """136583 as 136.583, "97.51" as 97,51, None as a dash."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}".replace(",", ".")
    return str(value).replace(".", ",")


#: Short headings for a narrow terminal, in the order of COLUMNS.
_SHORT = (
    ("Kỳ trước", "Tiếp", "Phải", "Đã giải", "Đúng", "% đúng", "Quá", "% quá", "Đang"),
    ("chuyển", "nhận", "g.quyết", "quyết", "hạn", "hạn", "hạn", "hạn", "g.quyết"),
)


def show_resolution(report: dict[str, Any]) -> None:
    """Print the letter's table. Where the terminal is too narrow for a row of nine figures beside a name, the name
    stands on a line of its own: all figures stay, and stay in columns."""
    table, console = resolution_table(report), Console()
    if report["rows"] and console.is_terminal and _width(console, table, names=_NAME_WIDTH) > console.width:
        console.print(_stacked(report), soft_wrap=True, highlight=False)
    else:
        show(table)


def _stacked(report: dict[str, Any]) -> Text:
    """The report by row as lines: a name, and under it the nine figures."""
    head = {"name": f"{report['agency']}  {report['agency_name']}", "depth": 0}
    rows = [*report["rows"], {"name": "Tổng", "depth": 0, **report["total"]}]
    lines = [*_SHORT, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) + 1 for column in zip(*lines, strict=True)]
    headings, figures = lines[:2], lines[2:]

    def line(cells: Sequence[str]) -> str:
        return "".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)) + "\n"

    text = Text(f"{_title(report)}\n{head['name']}\n", style="bold")
    for heading in headings:
        text.append(line(heading))
    text.append("─" * sum(widths) + "\n")
    for row, cells in zip(rows, figures, strict=True):
        text.append(f"{'  ' * (row.get('depth') or 0)}{row['name']}\n", style="bold")
        text.append(line(cells), style="not bold")
    text.append(_caption(report) or "", style="not bold yellow")
    return text


def resolution_table(report: dict[str, Any]) -> Table:
    """The letter's table: upright for one agency, a row per group where there are groups."""
    return _by_row(report) if report["rows"] else _upright(report)


def _upright(report: dict[str, Any]) -> Table:
    table = Table(title=_title(report), title_style="bold", caption=_caption(report), caption_style="yellow")
    table.add_column(f"{report['agency']}  {report['agency_name']}")
    table.add_column("")
    table.add_column("Hồ sơ", justify="right")
    table.add_column("%", justify="right")
    total = report["total"]
    for name, vietnamese, english, rate in UPRIGHT:
        table.add_row(vietnamese, english, number(total[name]), number(total[rate]) if rate else "")
    return table


def _by_row(report: dict[str, Any]) -> Table:
    table = Table(title=_title(report), title_style="bold", caption=_caption(report), caption_style="yellow")
    table.add_column(f"{report['agency']}  {report['agency_name']}")
    for _, title in COLUMNS:
        table.add_column(title, justify="right")
    for row in report["rows"]:
        table.add_row(f"{'  ' * (row.get('depth') or 0)}{row['name']}", *_cells(row))
    table.add_row("Tổng", *_cells(report["total"]), style="bold")
    return table


def _title(report: dict[str, Any]) -> str:
    period = report["period"]
    return f"Tình hình giải quyết hồ sơ, {_day(period['from'])} – {_day(period['to'])}"


def _caption(report: dict[str, Any]) -> str | None:
    return SYNTHETIC if report["synthetic"] else None


def overdue_table(items: Sequence[dict[str, Any]], *, more: bool, synthetic: bool) -> Table:
    """Overdue dossiers, the longest first as they came, in 80 columns. `more`: there are others behind these."""
    notes = ["Xin lỗi: rồi – đã gửi thư; chờ – có thư, chưa gửi; chưa – chưa có thư"] if items else []
    notes += [f"{len(items)} hồ sơ đầu tiên; tất cả: --format ndjson · the first ones only"] if more else []
    notes += [SYNTHETIC] if synthetic else []
    table = Table(title="Hồ sơ quá hạn", title_style="bold", caption="\n".join(notes), caption_style="yellow")
    table.padding = (0, 1, 0, 0)  # seven columns in 80
    table.add_column("Mã hồ sơ", no_wrap=True)  # what one copies: nothing of it may be missing
    for title in ("Thủ tục", "Cơ quan", "Đang giữ", "Hẹn trả"):
        table.add_column(title, overflow="fold")
    table.add_column("Quá hạn\n(ngày)", justify="right")
    table.add_column("Xin\nlỗi", no_wrap=True)
    for item in items:
        table.add_row(
            item["code"],
            item["procedure"],
            item["agency"],
            item["holder"],
            _day((item["due_at"] or "")[:10]),
            number(item["days_overdue"]),
            _letter(item),
        )
    return table


def _letter(item: dict[str, Any]) -> str:
    """What became of the apology for a late dossier."""
    if item["apology_sent"]:
        return "rồi"
    return "chờ" if item["apology_recorded"] else "chưa"


def import_table(run: dict[str, Any]) -> Table:
    """What became of an import."""
    table = Table(title="Kết quả nhập hồ sơ · import", title_style="bold")
    for title in ("Đã đọc", "Tạo mới", "Không đổi", "Từ chối"):
        table.add_column(title, justify="right")
    table.add_row(*(number(run[name]) for name in ("lines_read", "created", "unchanged", "rejected")))
    return table


def show(table: Table) -> None:
    """Print a table as wide as it needs. In a narrow terminal names are folded and lines run over, but nothing is cut:
    a figure without its end is another figure."""
    console = Console()
    if console.is_terminal and _width(console, table) > console.width:
        table.columns[0].max_width = _NAME_WIDTH
    Console(width=max(console.width, _width(console, table))).print(table)


def _width(console: Console, table: Table, *, names: int = 0) -> int:
    """How wide it is in full; with the first column folded to `names`."""
    cut = max(0, _first(console, table) - names) if names else 0
    return Measurement.get(console, console.options.update(max_width=_NO_LIMIT), table).maximum - cut


def _first(console: Console, table: Table) -> int:
    """How wide the cells of the first column are."""
    cells = [table.columns[0].header, *table.columns[0].cells]
    return max(Measurement.get(console, console.options.update(max_width=_NO_LIMIT), cell).maximum for cell in cells)


def _cells(figures: dict[str, Any]) -> list[str]:
    return [number(figures[name]) for name, _ in COLUMNS]


def _day(iso: str) -> str:
    return "/".join(reversed(iso.split("-"))) if iso else "–"
