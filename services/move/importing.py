"""What `motcua import --mapping` does: an export is read, and what can go in is sent on its lines."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rich.progress import Progress

from services import tables
from services.installation import Installation
from services.language import said
from services.move.left_out import show_left_out
from services.move.mapping_file import read_mapping
from services.move.names import names_of
from services.move.records import Export, lines_of
from services.move.scanning import lines_bar, scanned
from services.move.seen import Cell, Seen
from services.move.sums import sums_table
from services.refusals import Refused
from services.terminal import console, running, token_of
from services.upload import need_place_for_rejects, rejects_file, send, write_rejects

#: Lines in a block that is sent.
_SENT = 500


class Mapped(NamedTuple):
    """An import by a mapping: what it did, what the export holds, on trial what of that would go in by agency and
    month, and where the rejected lines are."""

    run: dict[str, Any]
    seen: Seen
    landing: Mapping[tuple[str, str], Cell]
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
    addresses = running(installation)
    export = Export(file, read_mapping(mapping_file))
    to = rejects or rejects_file(file)
    need_place_for_rejects(to, file, mapping_file)
    seen = scanned(export)
    if seen.unmapped and not (trial or pass_over):
        show_left_out(seen, installation)
        raise Refused(
            said(
                "Chưa nhập gì: còn giá trị chưa có trong tệp ánh xạ. Bổ sung, hoặc thêm --pass-over để bỏ qua các dòng"
                " đó.",
                "Nothing was imported: words are missing in the mapping. Add them, or leave those lines out with"
                " --pass-over.",
            )
        )
    if not seen.records:
        show_left_out(seen, installation)
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
    with lines_bar() as bar:
        task = bar.add_task(said(f"Nhập {file.name}", f"Importing {file.name}"), total=seen.lines)
        body = _counted(lines, bar, task)
        run = send(addresses.intake, token_of(installation, "admin"), body, synthetic=synthetic, trial=trial)
    if not run["rejected"] and not seen.problems:
        if rejects is None:
            to.unlink(missing_ok=True)  # of an earlier run, and no longer true
        return Mapped(run, seen, seen.cells(), None)
    left_out = [
        {"lines": seen.first[name, code], "count": count, "field": name, "code": code}
        for (name, code), count in sorted(seen.problems.items())
    ]
    rejected = write_rejects(addresses.intake, token_of(installation, "admin"), run, to, left_out)
    # What the service rejects is in no month: it is known by its line alone, so the export is read once more.
    landing = scanned(export, rejected) if trial and rejected else seen
    return Mapped(run, seen, landing.cells(), to)


def show(mapped: Mapped, installation: Installation) -> None:
    """What an import by a mapping did, or would do."""
    seen = mapped.seen
    show_left_out(seen, installation)
    if mapped.run["trial"]:
        lines = [(agency, month, [*map(tables.number, cell)]) for (agency, month), cell in mapped.landing.items()]
        names = names_of(installation, {"agency"})["agency"]
        if lines:
            tables.show(sums_table(said("Sẽ có, theo cơ quan và tháng", "By agency and month"), names, lines))
        console.print(said("Chạy thử: chưa nhập gì.", "On trial: nothing was imported."), style="bold")
    tables.show(tables.import_table(mapped.run))
    if mapped.rejects is not None:
        told = f"Dòng bị từ chối và lý do · rejected lines and why: {mapped.rejects}"
        console.print(told, style="yellow", markup=False)


def _counted(lines: Iterator[bytes], bar: Progress, task: Any) -> Iterator[bytes]:
    block: list[bytes] = []
    for line in lines:
        block.append(line)
        if len(block) == _SENT:
            yield b"".join(block)
            bar.advance(task, len(block))
            block = []
    yield b"".join(block)
    bar.advance(task, len(block))
