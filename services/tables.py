"""Tables for people: Vietnamese titles, numbers as Vietnamese print writes them (136.583 and 97,51 %)."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

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
SYNTHETIC = "Dữ liệu tổng hợp, không phải hồ sơ thật · synthetic records, not real dossiers"


def number(value: object) -> str:
    """136583 as 136.583, "97.51" as 97,51, None as a dash."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return f"{value:,}".replace(",", ".")
    return str(value).replace(".", ",")


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
    notes = [f"{len(items)} hồ sơ đầu tiên; tất cả: --format ndjson · the first ones only"] if more else []
    notes += [SYNTHETIC] if synthetic else []
    table = Table(title="Hồ sơ quá hạn", title_style="bold", caption="\n".join(notes), caption_style="yellow")
    table.add_column("Mã hồ sơ", no_wrap=True)  # what one copies: nothing of it may be missing
    for title in ("Thủ tục", "Cơ quan", "Đang giữ", "Hẹn trả"):
        table.add_column(title, overflow="fold")
    table.add_column("Quá hạn\n(ngày)", justify="right")
    for item in items:
        table.add_row(
            item["code"],
            item["procedure"],
            item["agency"],
            item["holder"],
            _day((item["due_at"] or "")[:10]),
            number(item["days_overdue"]),
        )
    return table


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


def _width(console: Console, table: Table) -> int:
    return Measurement.get(console, console.options.update(max_width=_NO_LIMIT), table).maximum


def _cells(figures: dict[str, Any]) -> list[str]:
    return [number(figures[name]) for name, _ in COLUMNS]


def _day(iso: str) -> str:
    return "/".join(reversed(iso.split("-"))) if iso else "–"
