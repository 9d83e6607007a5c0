"""Tables for people: Vietnamese titles, numbers as Vietnamese print writes them (136.583 and 97,51 %)."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
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
    table.add_column("Đơn vị")
    for _, title in COLUMNS:
        table.add_column(title, justify="right")
    for row in report["rows"]:
        table.add_row(f"{'  ' * (row.get('depth') or 0)}{row['name']}", *_cells(row))
    table.add_row(report["agency_name"], *_cells(report["total"]), style="bold")
    return table


def _title(report: dict[str, Any]) -> str:
    period = report["period"]
    return f"Tình hình giải quyết hồ sơ, {_day(period['from'])} – {_day(period['to'])}"


def _caption(report: dict[str, Any]) -> str | None:
    return SYNTHETIC if report["synthetic"] else None


def overdue_table(items: Sequence[dict[str, Any]], *, more: bool) -> Table:
    """Overdue dossiers, the longest first as they came. `more`: there are others behind these."""
    table = Table(
        title="Hồ sơ quá hạn",
        title_style="bold",
        caption=f"{len(items)} hồ sơ đầu tiên; tất cả: --format ndjson · the first ones only" if more else None,
    )
    for title in ("Mã hồ sơ", "Thủ tục", "Cơ quan", "Đang giữ", "Hẹn trả", "Quá hạn (ngày làm việc)", "Đã xin lỗi"):
        table.add_column(title, justify="right" if title.startswith("Quá hạn") else "left")
    for item in items:
        table.add_row(
            item["code"],
            item["procedure"],
            item["agency"],
            item["holder"],
            _day((item["due_at"] or "")[:10]),
            number(item["days_overdue"]),
            "có" if item["apology_sent"] else "chưa",
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
    """Print a table; where the output is no terminal, wide enough to be cut by nothing."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=180)
    console.print(table)


def _cells(figures: dict[str, Any]) -> list[str]:
    return [number(figures[name]) for name, _ in COLUMNS]


def _day(iso: str) -> str:
    return "/".join(reversed(iso.split("-"))) if iso else "–"
