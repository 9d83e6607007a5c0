"""What `motcua move` and `motcua import --mapping` do: a mapping file is begun, an import by it is tried and done, what
came is held against the export, and that is signed off."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from services import tables
from services.installation import Installation
from services.language import said
from services.legacy import (
    FIELDS,
    WORDS,
    Cell,
    Export,
    MappingFile,
    Seen,
    digest_of,
    header_of,
    lines_of,
    read_mapping,
    word_key,
)
from services.refusals import Refused
from services.terminal import client_of, console, need_writable, running, token_of
from shared.domain.civil_time import local
from shared.domain.vietnamese import normalised, search_key
from shared.web.clock import now

#: What columns are called in the exports that were seen, and in the national database.
_LIKELY = {
    "legacy_code": ("so bien nhan", "ma ho so", "so ho so", "mahoso", "sobiennhan"),
    "procedure": ("ma tthc", "ma thu tuc", "mathutuc", "matthc", "thu tuc", "ten thu tuc", "tentthc"),
    "agency": ("don vi", "co quan", "don vi tiep nhan", "co quan tiep nhan", "donvi", "coquan"),
    "channel": ("kenh", "hinh thuc nop", "kenh thuc hien", "kenhthuchien", "hinh thuc tiep nhan"),
    "applicant.kind": ("loai doi tuong", "doi tuong", "loaidoituong"),
    "applicant.name": ("chu ho so", "ho ten", "nguoi nop", "ten chu ho so", "chuhoso", "ho va ten"),
    "applicant.id_number": ("cccd", "cmnd", "so giay to", "so cmnd", "so cccd", "so dinh danh"),
    "applicant.phone": ("dien thoai", "so dien thoai", "sdt", "sodienthoai"),
    "applicant.email": ("email", "thu dien tu"),
    "applicant.address": ("dia chi", "diachi"),
    "submitted_at": ("ngay nop", "ngay nop ho so", "ngaynophoso"),
    "accepted_at": ("ngay tiep nhan", "ngay nhan", "ngaytiepnhan"),
    "due_at": ("ngay hen tra", "han tra", "ngayhentra", "han xu ly"),
    "finished_at": ("ngay ket thuc", "ngay xu ly xong", "ngayketthucxuly", "ngay hoan thanh"),
    "returned_at": ("ngay tra", "ngay tra ket qua", "ngaytra"),
    "status": ("trang thai", "tinh trang", "trangthaihoso"),
}
_MOST_WORDS = 2_000
#: Lines between two looks at the bar, and in a block that is sent.
_SHOWN = 500
_MOST_SHOWN = 50
_SIGNED = "motcua-move/1"


class Mapped(NamedTuple):
    """An import by a mapping: what it did, what the export holds, and where the rejected lines are."""

    run: dict[str, Any]
    seen: Seen
    rejects: Path | None


def import_mapped(
    file: Path,
    mapping: MappingFile,
    installation: Installation,
    *,
    trial: bool,
    pass_over: bool,
    synthetic: bool,
    rejects: Path | None,
) -> Mapped:
    """Import an export by a mapping, or try it. pass_over: lines with words that are not mapped are left out; else
    nothing goes in while there are any. Raises Refused."""
    from services.upload import rejects_file, send, write_rejects

    addresses = running(installation)
    export = Export(file, mapping)
    to = rejects or rejects_file(file)
    need_writable(to)
    seen = scanned(export)
    if seen.unmapped and not (trial or pass_over):
        tables.show(unmapped_table(seen, _names(installation, seen)))
        raise Refused(
            said(
                "Chưa nhập gì: còn giá trị chưa có trong tệp ánh xạ. Bổ sung, hoặc thêm --pass-over để bỏ qua các dòng"
                " đó.",
                "Nothing was imported: words are missing in the mapping. Add them, or leave those lines out with"
                " --pass-over.",
            )
        )
    if not seen.records:
        if seen.unmapped:
            tables.show(unmapped_table(seen, _names(installation, seen)))
        if seen.problems:
            tables.show(_problems_table(seen))
        raise Refused(said("Không có dòng nào nhập được.", "There is no line that could go in."))
    lines = lines_of(export, Seen())
    with _bar() as bar:
        task = bar.add_task(said(f"Nhập {file.name}", f"Importing {file.name}"), total=seen.records)
        body = _counted(lines, bar, task)
        run = send(addresses.intake, token_of(installation, "admin"), body, synthetic=synthetic, trial=trial)
    refused = sum(seen.problems.values())
    if not run["rejected"] and not refused:
        to.unlink(missing_ok=True)
        return Mapped(run, seen, None)
    write_rejects(addresses.intake, token_of(installation, "admin"), run, to)
    with to.open("ab") as target:
        for (name, code), count in sorted(seen.problems.items()):
            told = {"lines": seen.first[name, code], "count": count, "field": name, "code": code}
            target.write(orjson.dumps(told) + b"\n")
    return Mapped(run, seen, to)


def scanned(export: Export) -> Seen:
    """What an export holds, read once with a bar."""
    seen = Seen()
    with _bar() as bar:
        task = bar.add_task(said(f"Đọc {export.file.name}", f"Reading {export.file.name}"), total=None)
        for _ in export.records(seen):
            if not seen.lines % _SHOWN:
                bar.update(task, completed=seen.lines)
        bar.update(task, completed=seen.lines, total=seen.lines)
    return seen


def show(mapped: Mapped, installation: Installation) -> None:
    """What an import by a mapping did, or would do."""
    seen = mapped.seen
    if seen.unmapped:
        tables.show(unmapped_table(seen, _names(installation, seen)))
    if seen.problems:
        tables.show(_problems_table(seen))
    if mapped.run["trial"]:
        tables.show(_months_table(seen))
        console.print(said("Chạy thử: chưa nhập gì.", "On trial: nothing was imported."), style="bold")
    tables.show(tables.import_table(mapped.run))
    if mapped.rejects is not None:
        console.print(f"Dòng bị từ chối và lý do · rejected lines and why: {mapped.rejects}", style="yellow")


def unmapped_table(seen: Seen, names: dict[str, dict[str, str]]) -> Table:
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
        table.add_column(said(vietnamese, english))
    known = {name: [(code, text, grams(text)) for code, text in listed.items()] for name, listed in names.items()}
    for (name, word), count in seen.unmapped.most_common(50):
        alike = suggestions(word, known.get(name, []))[:2]
        table.add_row(
            WORDS[name][0],
            word,
            tables.number(count),
            ", ".join(map(str, seen.unmapped_lines[name, word])),
            "; ".join(f"{one.code} {one.name} ({one.score:.2f})" for one in alike),
        )
    return table


def _names(installation: Installation, seen: Seen) -> dict[str, dict[str, str]]:
    """Names of ours by code, of what is asked about."""
    addresses, client = running(installation), client_of(installation)
    asked = {name for name, _ in seen.unmapped}
    found: dict[str, dict[str, str]] = {}
    if "agency" in asked:
        items = client.items(f"{addresses.routing}/v1/agencies", {"limit": "200"})
        found["agency"] = {one["code"]: one["name"] for one in items}
    if "procedure" in asked:
        items = client.items(f"{addresses.intake}/v1/procedures", {"limit": "200"})
        found["procedure"] = {one["code"]: one["name"] for one in items}
    return found


def _problems_table(seen: Seen) -> Table:
    table = Table(title=said("Dòng không nhập được", "Lines that do not go in"), title_style="bold")
    for vietnamese, english in (("Trường", "Field"), ("Lý do", "Why"), ("Số dòng", "Lines"), ("Dòng đầu", "First")):
        table.add_column(said(vietnamese, english))
    for (name, code), count in seen.problems.most_common():
        lines = ", ".join(map(str, seen.first[name, code]))
        table.add_row(name or "–", said(*_WHY[code]), tables.number(count), lines)
    return table


_WHY = {
    "unmapped": ("giá trị chưa có trong tệp ánh xạ", "a word that is not mapped"),
    "not_a_date": ("không đọc được ngày giờ", "no date by any of the mapping's forms"),
    "open_with_an_end": ("trạng thái chưa xong nhưng có ngày kết thúc", "open by its status, with a date of its end"),
    "ended_without_a_date": ("trạng thái đã xong nhưng không có ngày kết thúc", "ended by its status, without a date"),
    "after_the_cutover": ("tiếp nhận từ ngày chuyển đổi trở đi", "accepted on the day of the cut-over or later"),
    "too_many_cells": ("nhiều ô hơn số cột", "more cells than columns"),
}


def _months_table(seen: Seen) -> Table:
    table = Table(title=said("Sẽ có, theo cơ quan và tháng", "By agency and month"), title_style="bold")
    heads = (("Cơ quan", "Agency"), ("Tháng", "Month"), ("Tiếp nhận", "Received"), ("Đã xong", "Finished"))
    for vietnamese, english in (*heads, ("Đúng hạn", "On time"), ("Quá hạn", "Late")):
        table.add_column(said(vietnamese, english))
    for (agency, month), cell in seen.cells().items():
        table.add_row(agency, month, *map(tables.number, cell))
    return table


def draft(file: Path, output: Path, mapping: Path | None, encoding: str, data_dir: Path) -> None:
    """Begin a mapping file. Raises Refused."""
    if output.exists():
        raise Refused(said(f"{output} đã có.", f"{output} is there already."))
    if mapping is None:
        text = _draft_of_columns(file, encoding)
    else:
        told = read_mapping(mapping)
        seen = scanned(Export(file, told))
        text = _draft_of_words(mapping.read_text("utf-8-sig"), told, seen, _all_names(data_dir))
    output.write_text(text, encoding="utf-8")
    console.print(said(f"Đã ghi {output}; hãy điền các chỗ trống.", f"{output} is written: fill in what is blank."))


def _draft_of_columns(file: Path, encoding: str) -> str:
    if encoding not in ("utf-8", "utf-16", "windows-1258"):
        raise Refused(said("--encoding: utf-8, utf-16, windows-1258", "--encoding: utf-8, utf-16, windows-1258"))
    header = [name for name in header_of(file, encoding, None) if name]
    lines = ["# docs/move.md", f"# {said('các cột', 'columns')}: {', '.join(header)}", 'system = "…"']
    lines += [f"encoding = {_quoted(encoding)}", "", "[columns]"]
    by_key = {search_key(name): name for name in header}
    for field in FIELDS:
        likely = next((by_key[key] for key in _LIKELY.get(field, ()) if key in by_key), "")
        lines.append(f"{_quoted(field)} = {_quoted(likely)}")
    return "\n".join([*lines, "", "[fixed]", ""])


def _draft_of_words(text: str, told: MappingFile, seen: Seen, names: dict[str, dict[str, str]]) -> str:
    from intake_service.catalogue_mappings.rules import grams, suggestions

    lines = [text.rstrip(), ""]
    for field, (table, allowed) in WORDS.items():
        known = told.tables.get(field, {})
        words = [word for word, _ in seen.words[field].most_common(_MOST_WORDS) if word and word_key(word) not in known]
        if not words:
            continue
        # A table that the file has already is not begun twice: its words stand here to be moved there.
        lines.append(f"# {table}" if known else f"[{table}]")
        if allowed:
            lines.append(f"# {', '.join(allowed)}")
        ours = [(code, name, grams(name)) for code, name in names.get(field, {}).items()]
        for word in sorted(words):
            alike = "; ".join(f"{one.code} {one.name} ({one.score:.2f})" for one in suggestions(word, ours)[:3])
            lines.append(f'{"# " if known else ""}{_quoted(word)} = ""' + (f"  # {alike}" if alike else ""))
        lines.append("")
    return "\n".join(lines)


def _all_names(data_dir: Path) -> dict[str, dict[str, str]]:
    seen = Seen()
    seen.unmapped.update({("agency", ""): 1, ("procedure", ""): 1})
    return _names(Installation(data_dir), seen)


def _quoted(text: str) -> str:
    """As TOML has it, which is as JSON has it."""
    return orjson.dumps(normalised(text)).decode()


class Line(NamedTuple):
    """An agency and month: the export's sums and ours."""

    agency: str
    month: str
    export: Cell
    ours: Cell


_NOTHING = Cell(0, 0, 0, 0)


def compared(seen: Seen, totals: Iterable[dict[str, Any]]) -> list[Line]:
    """Both sides by agency and month, each that either has."""
    ours = {(one["agency"], one["month"]): Cell(*(one[name] for name in Cell._fields)) for one in totals}
    theirs = seen.cells()
    keys = sorted(ours.keys() | theirs.keys())
    return [Line(key[0], key[1], theirs.get(key, _NOTHING), ours.get(key, _NOTHING)) for key in keys]


def _comparison(file: Path, mapping: MappingFile, data_dir: Path) -> tuple[Seen, list[Line]]:
    from services.client import Client

    installation = Installation(data_dir)
    seen = scanned(Export(file, mapping))
    client = Client(token_of(installation, "admin"))
    totals = client.get(f"{running(installation).intake}/v1/imports/totals", {}).json()["items"]
    return seen, compared(seen, totals)


def compare(file: Path, mapping: Path, data_dir: Path, *, every: bool) -> bool:
    """Show both sides; whether as many were received and finished. every: lines without a difference too."""
    seen, lines = _comparison(file, read_mapping(mapping), data_dir)
    shown = lines if every else [line for line in lines if line.export != line.ours]
    tables.show(_comparison_table(shown if every else shown[:_MOST_SHOWN]))
    if len(shown) > _MOST_SHOWN and not every:
        more = tables.number(len(shown) - _MOST_SHOWN)
        console.print(said(f"… và {more} dòng nữa: --every", f"… and {more} lines more: --every"))
    _say_what_is_not_compared(seen)
    if differing(lines):
        return False
    console.print(said("Số tiếp nhận và số đã xong khớp.", "As many were received and finished on both sides."))
    return True


def differing(lines: Iterable[Line]) -> int:
    """Lines on which the two sides differ in how many were received or finished. What is in time each side reckons by
    its own dates."""
    return sum(line.export[:2] != line.ours[:2] for line in lines)


def _say_what_is_not_compared(seen: Seen) -> None:
    refused = sum(seen.problems.values())
    if refused or seen.without_code:
        console.print(
            said(
                f"Không so sánh: {tables.number(refused)} dòng không nhập được;"
                f" {tables.number(seen.without_code)} dòng không có mã hồ sơ cũ.",
                f"Not compared: {tables.number(refused)} lines that do not go in; {tables.number(seen.without_code)}"
                " lines without a code of the other system.",
            ),
            style="yellow",
        )


def _comparison_table(lines: list[Line]) -> Table:
    table = Table(title=said("Tệp xuất · hệ thống này", "Export · here"), title_style="bold")
    heads = (("Cơ quan", "Agency"), ("Tháng", "Month"), ("Tiếp nhận", "Received"), ("Đã xong", "Finished"))
    for vietnamese, english in (*heads, ("Đúng hạn", "On time"), ("Quá hạn", "Late")):
        table.add_column(said(vietnamese, english))
    for line in lines:
        cells = zip(line.export, line.ours, strict=True)
        table.add_row(line.agency, line.month, *(f"{tables.number(a)} · {tables.number(b)}" for a, b in cells))
    return table


def sign(file: Path, mapping: Path, by: str, output: Path, data_dir: Path) -> None:
    """Write the comparison, and what it rests on, into a file. Raises Refused."""
    if output.exists():
        raise Refused(said(f"{output} đã có.", f"{output} is there already."))
    if not any(char.isalpha() for char in by):
        raise Refused(said("--by: phải nêu ai ký.", "--by: says who signs."))
    told = read_mapping(mapping)
    seen, lines = _comparison(file, told, data_dir)
    signed = {
        "format": _SIGNED,
        "system": told.system,
        "signed_by": normalised(by),
        "signed_at": local(now()).isoformat(timespec="seconds"),
        "export": {"name": file.name, "sha256": digest_of(file)},
        "mapping": {"name": mapping.name, "sha256": told.digest},
        "cutover": str(told.cutover) if told.cutover else None,
        "lines": seen.lines,
        "left_out": [
            {"field": name, "code": code, "lines": count} for (name, code), count in sorted(seen.problems.items())
        ],
        "without_code": seen.without_code,
        "differing": differing(lines),
        "by_agency_and_month": [
            {"agency": line.agency, "month": line.month, "export": line.export._asdict(), "here": line.ours._asdict()}
            for line in lines
        ],
    }
    output.write_bytes(orjson.dumps(signed | {"sha256": _digest(signed)}, option=orjson.OPT_INDENT_2) + b"\n")
    console.print(said(f"Đã ghi {output}.", f"{output} is written."))


def check(signed: Path, file: Path, mapping: Path, data_dir: Path) -> bool:
    """Say what of a signed file does not hold; whether all does. Raises Refused."""
    try:
        told = orjson.loads(signed.read_bytes())
        kept = told.pop("sha256")
        if told["format"] != _SIGNED:
            raise ValueError
        export_was, mapping_was = told["export"]["sha256"], told["mapping"]["sha256"]
        who = f"{told['signed_by']}, {datetime.fromisoformat(told['signed_at']):%d/%m/%Y %H:%M}"
        before = {(one["agency"], one["month"]): Cell(**one["here"]) for one in told["by_agency_and_month"]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(said(f"{signed.name} không phải tệp đã ký.", f"{signed.name} was not signed here.")) from error
    _, lines = _comparison(file, read_mapping(mapping), data_dir)
    now_here = {(line.agency, line.month): line.ours for line in lines}
    moved = sum(before.get(key, _NOTHING) != now_here.get(key, _NOTHING) for key in before.keys() | now_here.keys())
    wrong = [
        text
        for holds, text in (
            (_digest(told) == kept, said("nội dung tệp đã bị thay đổi", "the file itself was changed")),
            (digest_of(file) == export_was, said("tệp xuất khác", "the export is another")),
            (
                digest_of(mapping) == mapping_was,
                said("tệp ánh xạ khác", "the mapping is another"),
            ),
            (
                not moved,
                said(
                    f"số liệu ở đây khác ở {moved} dòng (cơ quan, tháng)",
                    f"the figures here are others on {moved} lines (agency, month)",
                ),
            ),
        )
        if not holds
    ]
    for text in wrong:
        console.print(text, style="yellow")
    if wrong:
        return False
    console.print(said(f"Đúng như đã ký: {who}.", f"As it was signed: {who}."))
    return True


def _digest(told: dict[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _counted(lines: Iterator[bytes], bar: Progress, task: Any) -> Iterator[bytes]:
    block: list[bytes] = []
    for line in lines:
        block.append(line)
        if len(block) == _SHOWN:
            yield b"".join(block)
            bar.advance(task, len(block))
            block = []
    yield b"".join(block)
    bar.advance(task, len(block))


@contextmanager
def _bar() -> Iterator[Progress]:
    """Lines, in 80 columns: a long name gives way, the numbers do not."""
    name = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", max_width=30))
    with Progress(name, BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn(), console=console) as bar:
        yield bar
