"""An export of another system as records of ours, by a mapping file. Nothing is guessed: a word that the file does not
map is told, and its line does not go in.

The line of a record is the line on which it begins in the export, so that whatever is refused is found there.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from services.move.cells import instant_of, is_spoilt, on_our_clocks, text_of
from services.move.export_file import ExportFile
from services.move.mapping_file import WORDS, MappingFile, is_instant, shown_part, word_key, wrong
from services.move.seen import Problem, Seen

#: What is over with a day where no hour is named; the others begin with it.
_ENDS = ("due_at", "finished_at", "returned_at", "answered_at")
_CASE = re.compile(r"\d{1,4}", re.ASCII)
#: Of one column that has words. More are no words: it is another column.
_MOST_DIFFERENT = 20_000


class Export:
    """An export of the other system, read by a mapping, several times. Raises Mistyped: it cannot be read, or was
    changed meanwhile."""

    def __init__(self, file: Path, mapping: MappingFile) -> None:
        self.mapping = mapping
        self.source = ExportFile(file, mapping.encoding, mapping.delimiter, mapping.columns.values())
        self.name = file.name
        self._instants = frozenset(filter(is_instant, mapping.columns))

    def records(self, seen: Seen) -> Iterator[tuple[int, dict[str, Any] | Problem]]:
        """Each line with its record, or why it has none."""
        header = self.source.header
        places = {ours: header.index(theirs) for ours, theirs in self.mapping.columns.items()}
        last = max(places.values(), default=0)
        for line, row in self.source.rows():
            seen.lines += 1
            cells = {ours: row[place].strip() if place < len(row) else "" for ours, place in places.items()}
            for name in WORDS.keys() & cells.keys():
                self._note_word(seen.words[name], name, cells[name])
            made: dict[str, Any] | Problem
            if last >= len(row):
                made = Problem(line, "", "too_few_cells")
            elif len(row) > len(header):
                made = Problem(line, "", "too_many_cells")
            else:
                made = self._record(line, cells, seen)
            if isinstance(made, dict) and "legacy_code" in made and seen.is_repeated(made["legacy_code"]):
                made = Problem(line, "legacy_code", "repeated")
            if isinstance(made, Problem):
                seen.left_out(made)
            else:
                seen.goes_in(made)
            yield line, made
        self.source.need_unchanged()

    def _note_word(self, words: Counter[str], name: str, word: str) -> None:
        if word not in words and len(words) >= _MOST_DIFFERENT:
            column = shown_part(self.mapping.columns[name])
            raise wrong(
                self.source.path,
                f"cột {column} có hơn {_MOST_DIFFERENT} giá trị khác nhau; hãy xem lại columns.{name} ở tệp ánh xạ",
                f"column {column} holds more than {_MOST_DIFFERENT} words; mind columns.{name} in the mapping",
            )
        words[word] += 1

    def _record(self, line: int, cells: Mapping[str, str], seen: Seen) -> dict[str, Any] | Problem:
        record: dict[str, Any] = {}
        for name, ours in self.mapping.fixed.items():
            if ours:
                _put(record, name, on_our_clocks(ours) if is_instant(name) else ours)
        unknown: Problem | None = None
        for name, given in cells.items():
            value = text_of(given)
            if name in WORDS:
                if not value and "" not in self.mapping.tables.get(name, {}):
                    continue
                meant = self._meant(name, value)
                if meant is None:
                    seen.not_mapped(line, name, value)
                    unknown = unknown or Problem(line, name, "unmapped")
                    continue
                value = meant
            elif not value:
                continue
            elif is_spoilt(value):
                return Problem(line, name, "spoilt")
            elif name in self._instants:
                at = instant_of(value, self.mapping.dates, ends=name.endswith(_ENDS))
                if at is None:
                    return Problem(line, name, "not_a_date")
                value = at.isoformat()
            _put(record, name, value)
        if unknown is not None:
            return unknown
        if "supplements" in record:
            record["supplements"] = [one for _, one in sorted(record["supplements"].items())]
        return self._stood(line, record)

    def _stood(self, line: int, record: dict[str, Any]) -> dict[str, Any] | Problem:
        """The record with what its status says, if that goes with its dates."""
        status, finished = record.pop("status", None), "finished_at" in record
        if status == "open" and finished:
            return Problem(line, "status", "open_with_an_end")
        if status not in (None, "open"):
            if not finished:
                return Problem(line, "finished_at", "ended_without_a_date")
            record.setdefault("outcome", status)
        accepted = record.get("accepted_at")
        if self.mapping.cutover is not None and accepted and accepted[:10] >= self.mapping.cutover.isoformat():
            return Problem(line, "accepted_at", "after_the_cutover")
        return record

    def _meant(self, name: str, value: str) -> str | None:
        table = self.mapping.tables.get(name)
        if table is None:
            return value
        return table.get(word_key(value))


def lines_of(export: Export, seen: Seen) -> Iterator[bytes]:
    """The records as NDJSON, each on the line on which it stands in the export; lines that do not go in are blank, and
    sent as such: an upload that is silent for long is given up."""
    at = 0
    for line, made in export.records(seen):
        blank = b"\n" * (line - 1 - at)
        yield blank if isinstance(made, Problem) else blank + orjson.dumps(made) + b"\n"
        at = line - 1 if isinstance(made, Problem) else line


def _put(record: dict[str, Any], name: str, value: Any) -> None:
    outer, _, rest = name.partition(".")
    if not rest:
        record[name] = int(value) if name == "case" and _CASE.fullmatch(value) else value
    elif outer == "applicant":
        record.setdefault("applicant", {})[rest] = value
    else:
        place, _, inner = rest.partition(".")
        record.setdefault("supplements", {}).setdefault(int(place), {})[inner] = value
