"""What `motcua move` and `motcua import --mapping` do: a mapping file is begun, an import by it is tried and done, what
came is held against the export, and that is signed off."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from services import tables
from services.installation import Installation
from services.language import said
from services.legacy import Cell, Export, Seen, digest_of, header_of, lines_of
from services.mapping_file import FIELDS, WORDS, MappingFile, read_mapping, shown_part, word_key
from services.province import PROVINCE
from services.refusals import Mistyped, Refused
from services.terminal import client_of, console, need_new, running, token_of, write_new
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
#: Words, the most frequent ones, beside which what looks alike stands: two thousand take some seconds.
_MOST_LOOKED_UP = 2_000
#: Lines between two looks at the bar, and in a block that is sent.
_SHOWN = 500
_MOST_SHOWN = 50
_MOST_FIRST = 3
_SIGNED_EVER = "motcua-move/"
_SIGNED = f"{_SIGNED_EVER}1"
#: 170 agencies in 20 years are a tenth of it.
_MOST_SIGNED = 67_108_864


class Mapped(NamedTuple):
    """An import by a mapping: what it did, what the export holds, and where the rejected lines are."""

    run: dict[str, Any]
    seen: Seen
    rejects: Path | None


def import_mapped(
    file: Path,
    mapping_file: Path,
    installation: Installation,
    *,
    trial: bool,
    pass_over: bool,
    synthetic: bool,
    rejects: Path | None,
) -> Mapped:
    """Import an export by a mapping, or try it. pass_over: lines with words that are not mapped are left out; else
    nothing goes in while there are any. Raises Refused."""
    from services.upload import need_place_for_rejects, rejects_file, send, write_rejects

    addresses = running(installation)
    export = Export(file, read_mapping(mapping_file))
    to = rejects or rejects_file(file)
    need_place_for_rejects(to, file, mapping_file)
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
        raise Refused(
            said(
                "Không có dòng nào nhập được; hãy bổ sung hoặc sửa tệp ánh xạ theo bảng trên.",
                "There is no line that could go in. Add to the mapping, or mend it, as the table says.",
            )
            if seen.lines
            else said(
                f"{file.name} không có dòng nào dưới tên cột; hãy xuất lại.",
                f"{file.name} has no line under its columns. Export it again.",
            )
        )
    lines = lines_of(export, Seen())
    with _bar() as bar:
        task = bar.add_task(said(f"Nhập {file.name}", f"Importing {file.name}"), total=seen.lines)
        body = _counted(lines, bar, task)
        run = send(addresses.intake, token_of(installation, "admin"), body, synthetic=synthetic, trial=trial)
    if not run["rejected"] and not seen.problems:
        if rejects is None:
            to.unlink(missing_ok=True)  # of an earlier run, and no longer true
        return Mapped(run, seen, None)
    left_out = [
        {"lines": seen.first[name, code], "count": count, "field": name, "code": code}
        for (name, code), count in sorted(seen.problems.items())
    ]
    write_rejects(addresses.intake, token_of(installation, "admin"), run, to, left_out)
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
    seen.codes.clear()  # they were for counting each once
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
        told = f"Dòng bị từ chối và lý do · rejected lines and why: {mapped.rejects}"
        console.print(told, style="yellow", markup=False)


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


def _months_table(seen: Seen) -> Table:
    table = Table(title=said("Sẽ có, theo cơ quan và tháng", "By agency and month"), title_style="bold")
    heads = (("Cơ quan", "Agency"), ("Tháng", "Month"), ("Tiếp nhận", "Received"), ("Đã xong", "Finished"))
    for vietnamese, english in (*heads, ("Đúng hạn", "On time"), ("Quá hạn", "Late")):
        table.add_column(said(vietnamese, english))
    for (agency, month), cell in seen.cells().items():
        table.add_row(escape(agency), month, *map(tables.number, cell))
    return table


def draft(file: Path, output: Path, mapping: Path | None, encoding: str, data_dir: Path) -> None:
    """Begin a mapping file. Raises Refused."""
    need_new(output)
    if mapping is None:
        text = _draft_of_columns(file, encoding)
    else:
        told = read_mapping(mapping)
        seen = scanned(Export(file, told))
        text = _draft_of_words(mapping.read_text("utf-8-sig"), told, seen, _all_names(data_dir))
    write_new(output, text.encode())
    done = said(f"Đã ghi {output}; hãy điền các chỗ trống.", f"{output} is written: fill in what is blank.")
    console.print(done, markup=False)


def _draft_of_columns(file: Path, encoding: str) -> str:
    if encoding not in ("utf-8", "utf-16", "windows-1258"):
        names = "utf-8, utf-16, windows-1258"
        raise Mistyped(said(f"--encoding: phải là một trong {names}", f"--encoding: must be one of {names}"))
    header = [name for name in header_of(file, encoding, None) if name]
    lines = ["# docs/move.md", f"# {said('các cột', 'columns')}: {', '.join(map(shown_part, header))}", 'system = "…"']
    lines += [f"encoding = {_quoted(encoding)}", "", "[columns]"]
    by_key = {search_key(name): name for name in header}
    for field in FIELDS:
        likely = next((by_key[key] for key in _LIKELY.get(field, ()) if key in by_key), "")
        lines.append(f"{_quoted(field)} = {_quoted(likely)}")
    same = said("giống nhau ở mọi dòng, ví dụ", "the same in every line, as")
    return "\n".join([*lines, "", "[fixed]", f'# {same}: "applicant.kind" = "person"', ""])


def _draft_of_words(text: str, told: MappingFile, seen: Seen, names: dict[str, dict[str, str]]) -> str:
    from intake_service.catalogue_mappings.rules import grams, suggestions

    lines = [text.rstrip(), ""]
    for field, (table, allowed) in WORDS.items():
        begun = field in told.named
        known = told.named.get(field, frozenset())
        words = [word for word, _ in seen.words[field].most_common() if word and word_key(word) not in known]
        if not words:
            continue
        # A table that the file has already is not begun twice: its words stand here to be moved there.
        lines.append(f"# {table}" if begun else f"[{table}]")
        if allowed:
            lines.append(f"# {', '.join(allowed)}")
        ours = [(code, name, grams(name)) for code, name in names.get(field, {}).items()]
        frequent = frozenset(words[:_MOST_LOOKED_UP])
        for word in sorted(words):
            found = suggestions(word, ours)[:3] if word in frequent else ()
            alike = "; ".join(f"{one.code} {one.name} ({one.score:.2f})" for one in found)
            lines.append(f'{"# " if begun else ""}{_quoted(word)} = ""' + (f"  # {alike}" if alike else ""))
        lines.append("")
    return "\n".join(lines)


def _all_names(data_dir: Path) -> dict[str, dict[str, str]]:
    seen = Seen()
    seen.unmapped.update({("agency", ""): 1, ("procedure", ""): 1})
    return _names(Installation(data_dir), seen)


def _quoted(text: str) -> str:
    """As TOML has it, which is as JSON has it."""
    return orjson.dumps(normalised(text)).decode().replace("\x7f", "\\u007f")


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
    theirs = seen.to_compare()
    keys = sorted(ours.keys() | theirs.keys())
    return [Line(key[0], key[1], theirs.get(key, _NOTHING), ours.get(key, _NOTHING)) for key in keys]


def _comparison(export: Export, data_dir: Path) -> tuple[Seen, list[Line]]:
    from services.client import Client

    installation = Installation(data_dir)
    intake, client = running(installation).intake, Client(token_of(installation, "admin"))
    seen = scanned(export)
    lines = compared(seen, client.get(f"{intake}/v1/imports/totals", {}).json()["items"])
    if not lines:
        if seen.problems:
            tables.show(_problems_table(seen))
        raise Refused(
            said(
                f"Không có gì để so sánh: {export.file.name} không có dòng nào nhập được có mã hồ sơ cũ, ở đây cũng"
                " không có hồ sơ nào như vậy. Hãy xem lại tệp xuất và tệp ánh xạ.",
                f"There is nothing to compare: {export.file.name} has no line that could go in with a code of the other"
                " system, and no such dossier is here. See whether these are the right export and mapping.",
            )
        )
    return seen, lines


def compare(file: Path, mapping: Path, data_dir: Path, *, every: bool) -> bool:
    """Show both sides; whether as many were received and finished. every: lines without a difference too."""
    seen, lines = _comparison(Export(file, read_mapping(mapping)), data_dir)
    shown = lines if every else [line for line in lines if line.export != line.ours]
    if shown:
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
        table.add_row(escape(line.agency), line.month, *(f"{tables.number(a)} · {tables.number(b)}" for a, b in cells))
    return table


def sign(file: Path, mapping: Path, by: str, output: Path, data_dir: Path) -> None:
    """Write the comparison, and what it rests on, into a file. Raises Refused."""
    need_new(output)
    if not any(char.isalpha() for char in by):
        raise Refused(said("--by: phải nêu ai ký.", "--by: says who signs."))
    told = read_mapping(mapping)
    export = Export(file, told)
    _need_no_import(Installation(data_dir))
    seen, lines = _comparison(export, data_dir)
    digest = digest_of(file)
    export.need_unchanged()
    signed = {
        "format": _SIGNED,
        "province": PROVINCE,
        "system": told.system,
        "signed_by": normalised(by),
        "signed_at": local(now()).isoformat(timespec="seconds"),
        "export": {"name": file.name, "sha256": digest},
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
    write_new(output, _written(signed | {"sha256": _digest(signed)}))
    console.print(said(f"Đã ghi {output}.", f"{output} is written."), markup=False)
    _say_what_is_not_compared(seen)
    if count := differing(lines):
        console.print(
            said(
                f"Đã ký cả {tables.number(count)} dòng (cơ quan, tháng) có số tiếp nhận hoặc số đã xong khác nhau:"
                " `motcua move compare` cho xem.",
                f"Signed with {tables.number(count)} lines (agency, month) on which the sides differ in how many were"
                " received or finished: `motcua move compare` shows them.",
            ),
            style="yellow",
        )


def _need_no_import(installation: Installation) -> None:
    """What is signed stands still: no import runs. Raises Refused."""
    from services.client import Client

    intake, client = running(installation).intake, Client(token_of(installation, "admin"))
    newest = client.get(f"{intake}/v1/imports", {"limit": "20"}).json()["items"]
    if any(one["state"] == "running" and not one["trial"] for one in newest):
        raise Refused(
            said(
                "Đang có một lần nhập chạy; hãy đợi nhập xong rồi ký.",
                "An import runs. Wait until it has ended, and sign then.",
            )
        )


class _Signed(NamedTuple):
    """What a signed file says. intact: whether its bytes are as they were written."""

    intact: bool
    province: str
    export: str
    mapping: str
    who: str
    here: dict[tuple[str, str], Cell]


def _read_signed(file: Path) -> _Signed:
    """Raises Refused: it is none."""
    try:
        with file.open("rb") as source:
            content = source.read(_MOST_SIGNED + 1)
        if len(content) > _MOST_SIGNED:
            raise ValueError("too large")
        told = orjson.loads(content)
        if str(told["format"]).startswith(_SIGNED_EVER) and told["format"] != _SIGNED:
            raise Refused(
                said(
                    f"{file.name} được ký bằng phiên bản khác ({shown_part(told['format'])}), phiên bản này đọc"
                    f" {_SIGNED}; hãy kiểm tra bằng phiên bản đó hoặc ký lại.",
                    f"{file.name} was signed by another version ({shown_part(told['format'])}), this one reads"
                    f" {_SIGNED}. Check it with that version, or sign anew.",
                )
            )
        if told["format"] != _SIGNED:
            raise ValueError("no format of ours")
        # Written again it is the same: two entries of one name, or another order, are somebody's doing.
        intact = _written(told) == content.replace(b"\r\n", b"\n")
        kept = told.pop("sha256")
        return _Signed(
            intact and _digest(told) == kept,
            str(told.get("province", PROVINCE)),
            told["export"]["sha256"],
            told["mapping"]["sha256"],
            f"{shown_part(str(told['signed_by']))}, {datetime.fromisoformat(told['signed_at']):%d/%m/%Y %H:%M}",
            {(one["agency"], one["month"]): Cell(**one["here"]) for one in told["by_agency_and_month"]},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(
            said(
                f"{file.name} không phải tệp do `motcua move sign` ghi, hoặc bị cắt; hãy lấy lại bản gốc.",
                f"{file.name} is not what `motcua move sign` wrote, or was cut off. Take the original.",
            )
        ) from error


def check(signed: Path, file: Path, mapping: Path, data_dir: Path) -> bool:
    """Say what of a signed file does not hold; whether all does. Raises Refused."""
    was, told = _read_signed(signed), read_mapping(mapping)
    export = Export(file, told)
    digest = digest_of(file)
    _, lines = _comparison(export, data_dir)
    here = {(line.agency, line.month): line.ours for line in lines}
    moved = sum(was.here.get(key, _NOTHING) != here.get(key, _NOTHING) for key in was.here.keys() | here.keys())
    wrong = [
        text
        for holds, text in (
            (was.intact, said("nội dung tệp đã bị thay đổi", "the file itself was changed")),
            (
                was.province == PROVINCE,
                said("tệp ký cho tỉnh khác", "it was signed for another province"),
            ),
            (digest == was.export, said("tệp xuất khác", "the export is another")),
            (told.digest == was.mapping, said("tệp ánh xạ khác", "the mapping is another")),
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
    console.print(said(f"Đúng như đã ký: {was.who}.", f"As it was signed: {was.who}."), markup=False)
    return True


def _written(signed: dict[str, Any]) -> bytes:
    return orjson.dumps(signed, option=orjson.OPT_INDENT_2) + b"\n"


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
    name = TextColumn(
        "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", max_width=30)
    )
    with Progress(name, BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn(), console=console) as bar:
        yield bar
