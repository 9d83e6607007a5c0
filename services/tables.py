"""Tables for people, in the language of the terminal; numbers as Vietnamese print writes them (136.583 and 97,51 %).
The letter's table speaks both: it is shown as the README has it."""

import textwrap
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from services.language import said, speaks_english
from shared.domain.vietnamese import printed_count, printed_decimal
from shared.web.words import TERMS

#: (figure, heading in Vietnamese, in English)
COLUMNS = (
    ("carried_over", "Kỳ trước\nchuyển qua", "Carried\nover"),
    ("received", "Tiếp nhận\ntrong kỳ", "Received"),
    ("to_handle", "Tổng phải\ngiải quyết", "To\nhandle"),
    ("resolved", "Đã giải\nquyết", "Resolved"),
    ("resolved_on_time", "Đúng hạn", "On\ntime"),
    ("on_time_rate", "% đúng\nhạn", "% on\ntime"),
    ("resolved_late", "Quá hạn", "Late"),
    ("late_rate", "% quá\nhạn", "%\nlate"),
    ("pending", "Đang giải\nquyết", "Pending"),
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
_NAME_WIDTH = 24  # of names in a terminal that is too narrow for more
_LONGEST_NAME = 60  # a procedure's may have 800 letters, and every line would be padded to that
_WIDE = 150  # columns that hold a list with names beside the codes
#: Forms of a report that are files, and no text.
PRINTED = ("xlsx", "docx", "pdf")
#: What `--agency` and the lists take is the key of such a row, and it is shown.
_KEYED = ("agency", "tree", "procedure")
SYNTHETIC = "Dữ liệu mô phỏng, không phải hồ sơ thật · synthetic records, not real dossiers"
_RESTATED = ("Số liệu quy về đơn vị hiện nay", "restated on the units of today")


def number(value: object) -> str:
    """136583 as 136.583, "97.51" as 97,51, None as a dash."""
    if value is None:
        return "–"
    if isinstance(value, int):
        return printed_count(value)
    return printed_decimal(str(value))


#: Short headings for a narrow terminal, in the order of COLUMNS; the English ones are short as they are.
_SHORT = (
    ("Kỳ trước", "Tiếp", "Phải", "Đã giải", "Đúng", "% đúng", "Quá", "% quá", "Đang"),
    ("chuyển", "nhận", "g.quyết", "quyết", "hạn", "hạn", "hạn", "hạn", "g.quyết"),
)


def show_resolution(report: dict[str, Any]) -> None:
    """Print the letter's table. Where the terminal is too narrow for a row of nine figures beside a name, the name
    stands on a line of its own: all figures stay, and stay in columns."""
    table, console = resolution_table(report), Console()
    if report["rows"] and console.is_terminal and _width(console, table, names=_NAME_WIDTH) > console.width:
        console.print(_stacked(report, console.width), soft_wrap=True, highlight=False)
    else:
        show(table)


def _stacked(report: dict[str, Any], width: int) -> Text:
    """The report by row as lines: a name, and under it the nine figures."""
    rows = [*((_row_name(report, row), row) for row in report["rows"]), (_total(), report["total"])]
    lines = [*_short(), *(_cells(row) for _, row in rows)]
    widths = [max(map(len, column)) + 1 for column in zip(*lines, strict=True)]
    headings, figures = lines[:2], lines[2:]

    def line(cells: Sequence[str]) -> str:
        return "".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)) + "\n"

    def folded(name: str) -> str:
        indent = " " * (len(name) - len(name.lstrip()))
        return "\n".join(textwrap.wrap(name.strip(), width, initial_indent=indent, subsequent_indent=f"{indent}  "))

    text = Text(f"{_title(report)}\n{folded(_head(report))}\n", style="bold")
    for heading in headings:
        text.append(line(heading))
    text.append("─" * sum(widths) + "\n")
    for (name, _), cells in zip(rows, figures, strict=True):
        text.append(f"{folded(name)}\n", style="bold")
        text.append(line(cells), style="not bold")
    text.append(_caption(report) or "", style="not bold yellow")
    return text


def resolution_table(report: dict[str, Any]) -> Table:
    """The letter's table: upright for one agency, a row per group where there are groups."""
    return _by_row(report) if report["rows"] else _upright(report)


def rates_table(report: dict[str, Any], definitions: Sequence[dict[str, Any]]) -> Table:
    """The rates of the definition that was asked for: in percent, and what of how many. Its words are those of
    `definitions`, the service's own."""
    definition = next(one for one in definitions if f"{one['id']}/{one['version']}" == report["definition"])
    titled = said("title_vi", "title_en")
    title = f"{definition[titled]} ({report['definition']}), {_days(report['period'])}"
    table = Table(title=title, title_style="bold")
    table.add_column(_head(report), overflow="fold")
    total = report["total"]
    titles = {rate["name"]: rate[titled] for rate in definition["rates"]}
    for name in total["rates"]:
        table.add_column(titles[name], justify="right")
        table.add_column("", justify="right")
    for row in report["rows"]:
        table.add_row(_row_name(report, row), *_shares(row))
    table.add_row(_total(), *_shares(total), style="bold")
    return table


def _shares(row: dict[str, Any]) -> list[str]:
    rates = row["rates"].values()
    return [
        text
        for rate in rates
        for text in (number(rate["value"]), f"{number(rate['numerator'])} / {number(rate['denominator'])}")
    ]


def _upright(report: dict[str, Any]) -> Table:
    table = Table(title=_letter_title(report), title_style="bold", caption=_caption(report), caption_style="yellow")
    table.add_column(_head(report))
    table.add_column("")
    table.add_column("Hồ sơ", justify="right")
    table.add_column("%", justify="right")
    total = report["total"]
    for name, vietnamese, english, rate in UPRIGHT:
        table.add_row(vietnamese, english, number(total[name]), number(total[rate]) if rate else "")
    return table


def _by_row(report: dict[str, Any]) -> Table:
    table = Table(title=_title(report), title_style="bold", caption=_caption(report), caption_style="yellow")
    table.add_column(_head(report), overflow="fold")
    for _, vietnamese, english in COLUMNS:
        table.add_column(said(vietnamese, english), justify="right")
    for row in report["rows"]:
        table.add_row(_row_name(report, row), *_cells(row))
    table.add_row(_total(), *_cells(report["total"]), style="bold")
    return table


def _head(report: dict[str, Any]) -> str:
    return f"{report['agency']}  {report['agency_name']}"


def _row_name(report: dict[str, Any], row: dict[str, Any]) -> str:
    indent, name = "  " * (row.get("depth") or 0), row.get("printed_name", row["name"])
    keyed = row.get("by", report["group_by"]) in _KEYED
    return f"{indent}{_keyed(row['key'], name) if keyed else name}"


def _keyed(key: str, name: str) -> str:
    """A name with its key before it, which need not stand behind it as well."""
    return f"{key}  {name.removesuffix(f' ({key})')}"


def _total() -> str:
    return said("Tổng", "Total")


def _short() -> tuple[Sequence[str], Sequence[str]]:
    """The headings of a narrow terminal, in two lines."""
    if not speaks_english():
        return _SHORT
    lines = [english.partition("\n") for _, _, english in COLUMNS]
    return [line[0] for line in lines], [line[2] for line in lines]


def _letter_title(report: dict[str, Any]) -> str:
    return f"Tình hình giải quyết hồ sơ, {_days(report['period'])}"


def _title(report: dict[str, Any]) -> str:
    return said(_letter_title(report), f"How dossiers were resolved, {_days(report['period'])}")


def _days(period: dict[str, str]) -> str:
    return f"{day(period['from'])} – {day(period['to'])}"


def _caption(report: dict[str, Any]) -> str | None:
    notes = [said(*_RESTATED)] if report["units"] == "today" else []
    return "\n".join([*notes, *([SYNTHETIC] if report["synthetic"] else [])]) or None


def show_index_766(report: dict[str, Any]) -> None:
    """Print the index of Decision 766: groups with their indicators, then the units below."""
    show(index_766_table(report))
    if report["children"]:
        show(index_766_units(report))


def index_766_table(report: dict[str, Any]) -> Table:
    """Groups and indicators. A dash: no number, or no score; why stands in the JSON."""
    total = report["total"]
    points = number(total["max_unavailable"])
    notes = [
        said(
            f"–: chưa có số liệu hoặc chưa có cách tính điểm; {points} điểm chưa tính được. Quy tắc "
            f"{report['rules']['version']}{'' if report['rules']['confirmed'] else ', chưa xác nhận'}",
            f"–: no data, or not known how it is scored; {points} points cannot be computed. Rules "
            f"{report['rules']['version']}{'' if report['rules']['confirmed'] else ', not confirmed'}",
        )
    ]
    notes += [SYNTHETIC] if report["synthetic"] else []
    days = _days(report["period"])
    title = said(f"Bộ chỉ số theo Quyết định 766/QĐ-TTg, {days}", f"The index of Decision 766/QĐ-TTg, {days}")
    table = Table(title=title, title_style="bold", caption="\n".join(notes), caption_style="yellow")
    table.add_column(_head(report), overflow="fold")
    for vietnamese, english in _INDEX_COLUMNS:
        table.add_column(said(vietnamese, english), justify="right")
    for group in report["groups"]:
        computed = number(group["score"] if group["score"] is not None else group["computed"])
        name = group[said("name_vi", "name_en")]
        table.add_row(f"{group['code']}  {name}", "", "", "", computed, number(group["max"]), style="bold")
        for metric in group["metrics"]:
            cells = (number(metric[column]) for column in ("numerator", "denominator", "ratio", "score", "max"))
            name = f"{metric['no']}. {metric[said('name_vi', 'name_en')]}"
            table.add_row(Padding(name, (0, 0, 0, 2)), *cells)  # a name of two lines stays under its group
    whole = said("Tính được", "Computed")
    table.add_row(whole, "", "", "", number(total["computed"]), number(total["max_computed"]), style="bold")
    return table


_INDEX_COLUMNS = (("Tử số", "Number"), ("Mẫu số", "Of"), ("%", "%"), ("Điểm", "Score"), ("Tối đa", "Max"))


def index_766_units(report: dict[str, Any]) -> Table:
    """The units below by their progress, which is what can be scored of them."""
    table = Table(title=said("Tiến độ giải quyết của các đơn vị", "Progress of the units below"), title_style="bold")
    table.add_column(said("Đơn vị", "Unit"), overflow="fold")
    headings = (("Hồ sơ", "Dossiers"), ("Đúng hạn", "On time"), ("Quá hạn", "Late"), ("%", "%"), ("Điểm", "Points"))
    for vietnamese, english in headings:
        table.add_column(said(vietnamese, english), justify="right")
    for child in report["children"]:
        progress = child["progress"]
        cells = [number(progress[name]) for name in ("received", "on_time", "overdue", "ratio")]
        table.add_row(_keyed(child["key"], child["printed_name"]), *cells, number(child["total"]["computed"]))
    return table


def wide() -> bool:
    """Whether the terminal has room for names beside codes."""
    return Console().width >= _WIDE


def editions_table(editions: Sequence[dict[str, Any]], *, more: bool = False) -> Table:
    """Sealed editions as they came. Of their hashes nothing is cut: they are compared. `more`: there are others behind
    these."""
    count = len(editions)
    told = said(f"{count} bản chốt mới nhất; tất cả: --format json", f"the newest {count}; all: --format json")
    notes = [told] if more else []
    notes += [SYNTHETIC] if any(edition["synthetic"] for edition in editions) else []
    title = said("Bản chốt báo cáo", "Sealed editions")
    table = Table(title=title, title_style="bold", caption="\n".join(notes), caption_style="yellow", show_lines=True)
    table.add_column(said("Mã", "Id"), justify="right")
    table.add_column(said("Lần", "Edition"), justify="right")
    table.add_column(said("Báo cáo, cơ quan, kỳ", "Report, agency, period"), overflow="fold")
    table.add_column(said("Chốt lúc", "Sealed"))
    table.add_column(said("Đính chính", "Corrections"), overflow="fold", max_width=2 * _NAME_WIDTH)
    table.add_column(said("SHA-256\nmắt xích", "SHA-256\nlink"), no_wrap=True)
    for edition in editions:
        told, at = edition["parameters"], edition["sealed_at"]
        place = f"{_sealed_report(edition)}\n{told['agency']}\n{_days(told)}"
        digest, link = edition["sha256"], edition["link"]
        chained = f"\n{link['number']}:\n{link['seal'][:32]}\n{link['seal'][32:]}" if link else ""
        table.add_row(
            str(edition["id"]),
            str(edition["number"]),
            place,
            f"{day(at[:10])}\n{at[11:16]}",
            _correction(edition),
            f"{digest[:32]}\n{digest[32:]}{chained}",
        )
    return table


_SEALED = {
    "resolution": ("Tình hình giải quyết", "Resolution"),
    "ii-06a": ("Biểu II.06a", "Table II.06a"),
    "annex": ("Phụ lục", "Annex"),
}


def _sealed_report(edition: dict[str, Any]) -> str:
    """Which report it is of, and what its rows are."""
    told = edition["parameters"]
    rows = (told.get("group_by") or told.get("rows") or "").split(",")
    terms = [said(TERMS.get(name, name), name) for name in rows if name not in ("", "none")]
    return f"{said(*_SEALED[edition['report']])}" + (f" ({', '.join(terms)})" if terms else "")


def _correction(edition: dict[str, Any]) -> str:
    """Which edition it corrects and why, and which corrects it."""
    lines = []
    if edition["corrects"] is not None:
        lines.append(said(f"đính chính bản {edition['corrects']}: ", f"corrects {edition['corrects']}: "))
        lines[0] += edition["reason"]
    if edition["corrected_by"] is not None:
        lines.append(
            said(f"đã đính chính bằng bản {edition['corrected_by']}", f"corrected by {edition['corrected_by']}")
        )
    return escape("\n".join(lines))


def overdue_table(items: Sequence[dict[str, Any]], *, more: bool, synthetic: bool, names: bool = False) -> Table:
    """Overdue dossiers, the longest first as they came, in 80 columns; with `names` in more. `more`: there are others
    behind these."""
    letters = said(
        "Xin lỗi: rồi – đã gửi thư; chờ – có thư, chưa gửi; chưa – chưa có thư",
        "Apology: sent; kept – there is one, not sent yet; none",
    )
    days = said("Quá hạn: số ngày làm việc sau ngày hẹn", "Late: working days after the due day")
    notes = [days, letters] if items else []
    if more:
        count = len(items)
        notes.append(
            said(f"{count} hồ sơ đầu tiên; tất cả: --format ndjson", f"the first {count}; all: --format ndjson")
        )
    notes += [SYNTHETIC] if synthetic else []
    title = said("Hồ sơ quá hạn", "Overdue dossiers")
    table = Table(title=title, title_style="bold", caption="\n".join(notes), caption_style="yellow")
    table.padding = (0, 1, 0, 0)  # seven columns in 80
    table.add_column(said("Mã hồ sơ", "Dossier"), no_wrap=True)  # what one copies: nothing of it may be missing
    table.add_column(said("Thủ tục", "Proce-\ndure"), overflow="fold", max_width=2 * _NAME_WIDTH)
    for heading in (said("Cơ quan", "Agency"), said("Đang giữ", "Held by")):
        table.add_column(heading, overflow="fold", max_width=_NAME_WIDTH)
    table.add_column(said("Hẹn trả", "Due"), overflow="fold")
    table.add_column(said("Quá hạn\n(ngày)", "Late\n(days)"), justify="right")
    table.add_column(said("Xin\nlỗi", "Apol-\nogy"), no_wrap=True)

    def of(item: dict[str, Any], place: str) -> str:
        return f"{item[place]} {item[f'{place}_name']}" if names else str(item[place])

    for item in items:
        table.add_row(
            item["code"],
            of(item, "procedure"),
            of(item, "agency"),
            of(item, "holder"),
            day((item["due_at"] or "")[:10]),
            number(item["days_overdue"]),
            _letter(item),
        )
    return table


def _letter(item: dict[str, Any]) -> str:
    """What became of the apology for a late dossier."""
    if item["apology_sent"]:
        return said("rồi", "sent")
    return said("chờ", "kept") if item["apology_recorded"] else said("chưa", "none")


def import_table(run: dict[str, Any]) -> Table:
    """What became of an import."""
    table = Table(title=said("Kết quả nhập hồ sơ", "What was imported"), title_style="bold")
    for vietnamese, english in (
        ("Đã đọc", "Read"),
        ("Tạo mới", "Created"),
        ("Cập nhật", "Updated"),
        ("Không đổi", "Unchanged"),
        ("Từ chối", "Rejected"),
    ):
        table.add_column(said(vietnamese, english), justify="right")
    table.add_row(*(number(run[name]) for name in ("lines_read", "created", "updated", "unchanged", "rejected")))
    return table


def show(table: Table) -> None:
    """Print a table as wide as it needs. In a narrow terminal names are folded and lines run over, but nothing is cut:
    a figure without its end is another figure."""
    console = Console()
    table.columns[0].max_width = _LONGEST_NAME
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
    return [number(figures[name]) for name, _, _ in COLUMNS]


def day(iso: str) -> str:
    """2019-06-30 as 30/06/2019, nothing as a dash."""
    return "/".join(reversed(iso.split("-"))) if iso else "–"
