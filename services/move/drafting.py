"""What `motcua move draft` does: a mapping file is begun from an export, first its columns, then its words."""

from collections import Counter
from pathlib import Path

import orjson

from services.installation import Installation
from services.language import said
from services.move.export_file import ExportFile
from services.move.mapping_file import FIELDS, WORDS, MappingFile, read_mapping, shown_part, word_key
from services.move.names import names_of
from services.move.records import Export
from services.move.scanning import scanned
from services.move.seen import Seen
from services.refusals import Mistyped
from services.terminal import console, need_new, write_new
from shared.domain.vietnamese import normalised, search_key

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


def draft(file: Path, output: Path, mapping: Path | None, encoding: str, data_dir: Path) -> None:
    """Begin a mapping file. Raises Refused."""
    need_new(output)
    if mapping is None:
        text = _draft_of_columns(file, encoding)
    else:
        told = read_mapping(mapping)
        seen = scanned(Export(file, told))
        text = _draft_of_words(mapping.read_text("utf-8-sig"), told, seen, names_of(Installation(data_dir), WORDS))
    write_new(output, text.encode())
    done = said(f"Đã ghi {output}; hãy điền các chỗ trống.", f"{output} is written: fill in what is blank.")
    console.print(done, markup=False)


def _draft_of_columns(file: Path, encoding: str) -> str:
    if encoding not in ("utf-8", "utf-16", "windows-1258"):
        names = "utf-8, utf-16, windows-1258"
        raise Mistyped(said(f"--encoding: phải là một trong {names}", f"--encoding: must be one of {names}"))
    header = [name for name in ExportFile(file, encoding, None, ()).header if name]
    lines = ["# docs/move.md", f"# {said('các cột', 'columns')}: {', '.join(map(shown_part, header))}", 'system = "…"']
    lines += [f"encoding = {_quoted(encoding)}", "", "[columns]"]
    times = Counter(map(search_key, header))
    by_key = {key: name for name in header if times[key := search_key(name)] == 1}  # which of two is not plain
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


def _quoted(text: str) -> str:
    """As TOML has it, which is as JSON has it."""
    return orjson.dumps(normalised(text)).decode().replace("\x7f", "\\u007f")
