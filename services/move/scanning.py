"""An export read once, with a bar."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column

from services.language import said
from services.move.records import Export
from services.move.seen import Seen
from services.terminal import console

#: Lines between two looks at the bar.
_SHOWN = 500


def scanned(export: Export, without: Iterable[int] = ()) -> Seen:
    """What an export holds, read once with a bar. without: lines that are in no month, in order."""
    seen = Seen()
    rejected = iter(without)
    following = next(rejected, None)
    with lines_bar() as bar:
        task = bar.add_task(said(f"Đọc {export.name}", f"Reading {export.name}"), total=None)
        for line, made in export.records(seen):
            if line == following:
                following = next(rejected, None)
                if isinstance(made, dict):
                    seen.stays_out(made)
            if not seen.lines % _SHOWN:
                bar.update(task, completed=seen.lines)
        bar.update(task, completed=seen.lines, total=seen.lines)
    seen.codes.clear()  # they were for counting each once
    return seen


@contextmanager
def lines_bar() -> Iterator[Progress]:
    """Lines, in 80 columns: a long name gives way, the numbers do not."""
    name = TextColumn(
        "{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", max_width=30)
    )
    with Progress(name, BarColumn(bar_width=20), MofNCompleteColumn(), TimeRemainingColumn(), console=console) as bar:
        yield bar
