"""Dấu ngoặc kép trong CSV: a stray quote costs its own line, and where quotes hold lines together it is said which."""

import csv
import io
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_service.imports.lines import MAX_LINE_BYTES, CsvReader, RawRecord
from shared.web.problems import Reason
from tests.intake.importing import HEAD, ROW, sent


def row(name: str) -> bytes:
    return ROW.replace(b"An", name.encode())


def records(body: bytes, block: int = 65_536) -> list[RawRecord]:
    reader = CsvReader()
    found = [record for at in range(0, len(body), block) for record in reader.feed(body[at : at + block])]
    return [*found, *reader.close()]


def told(body: bytes, block: int = 65_536) -> list[tuple[Any, ...]]:
    """(line, name) of what was read; (line, code, parameters) of what was not."""
    return [
        (record.line, record.content.code, *record.content.params.values())
        if isinstance(record.content, Reason)
        else (record.line, record.content["applicant"]["name"])  # type: ignore[call-overload]
        for record in records(HEAD + b"\n" + body, block)
    ]


async def test_stray_quotes_inside_cells_are_letters(importer: httpx.AsyncClient) -> None:
    names = ["T 12", 'Quán 5" Zyxwvut', *(f"Người {chr(97 + n)}" for n in range(20)), 'Quán 6" B', "T 16"]
    run = await sent(importer, b"\n".join([HEAD, *map(row, names)]), "text/csv")
    assert (run["lines_read"], run["created"], run["rejected"]) == (24, 24, 0)
    found = (await importer.get("/v1/dossiers", params={"name": "zyxwvut"})).json()["items"]
    (dossier,) = [(await importer.get(f"/v1/dossiers/{item['code']}")).json() for item in found]
    assert dossier["applicant"]["name"] == 'Quán 5" Zyxwvut'


@pytest.mark.parametrize("block", [1, 7, 65_536])
@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (['5" B', '"C"', "D"], [(2, '5" B'), (3, "C"), (4, "D")]),
        (['A""B"', 'x"'], [(2, 'A""B"'), (3, 'x"')]),
        (['"A ""B"" C"', "D"], [(2, 'A "B" C'), (3, "D")]),
        (['"A, B"', '"C;\nD"', "E"], [(2, "A, B"), (3, "C;\nD"), (5, "E")]),
        (['"Hoa" quán', "D"], [(2, "quote_not_closed", 2, 2, 2), (3, "D")]),
        (['"Hoa', "B", "C", '"D, E"', "F"], [(2, "quote_not_closed", 2, 2, 4), (5, "D, E"), (6, "F")]),
        (['"Hoa', "B", "C"], [(2, "quote_not_closed", 2, 2, 4)]),
        (['"Hoa', "B", '"C'], [(2, "quote_not_closed", 2, 2, 3), (4, "quote_not_closed", 4, 4, 4)]),
        (['"A\nB","C', "D"], [(2, "quote_not_closed", 3, 2, 4)]),
        (['"A\nB","C" D', "E"], [(2, "quote_not_closed", 3, 2, 3), (4, "E")]),
        (['"A\nB",C', "E"], [(2, "lines_as_one", 2, 3), (4, "E")]),
        (["A,B", "C"], [(2, "wrong_columns"), (3, "C")]),
        (["A\rB", "C"], [(2, "wrong_columns"), (3, "C")]),
    ],
)
def test_what_a_quote_does(names: list[str], expected: list[tuple[Any, ...]], block: int) -> None:
    assert told(b"\n".join(row(name) for name in names), block) == expected


@pytest.mark.parametrize(
    ("bad", "code"), [(b"\xff", "not_utf8"), (b"x" * (MAX_LINE_BYTES + 1), "line_too_long")], ids=["bytes", "length"]
)
def test_a_line_that_is_none_does_not_hide_those_before_it(bad: bytes, code: str) -> None:
    found = told(b"\n".join([row('"Hoa'), row("B"), bad, row("C")]))
    assert [entry[:2] for entry in found] == [(2, "quote_not_closed"), (4, code), (5, "C")]
    assert found[0][2:] == (2, 2, 3)


def test_beyond_the_longest_record_the_lines_are_told_and_the_next_is_read() -> None:
    lines = [row('"Hoa'), *[row("B")] * 30_000]
    (first, *others) = told(b"\n".join(lines))
    line, code, opened, begins, last = first
    assert (line, code, opened, begins) == (2, "quote_not_closed", 2, 2)
    assert [number for number, _ in others] == list(range(last + 1, len(lines) + 2))
    assert len(others) > 10_000


async def test_whoever_mends_the_file_hears_which_lines_went_together(importer: httpx.AsyncClient) -> None:
    """Two strays, one opening and one that happens to close: the columns are right by chance."""
    body = [HEAD, row("A"), row('"Hoa'), *[row("B")] * 17, row('Lan"'), row("C")]
    run = await sent(importer, b"\n".join(body), "text/csv")
    assert (run["created"], run["rejected"]) == (2, 1)
    (reject,) = (await importer.get(run["rejects"], headers={"Accept-Language": "en"})).json()["items"]
    assert reject["line"] == 3
    texts = {reason["code"]: reason["reason"] for reason in reject["reasons"]}
    assert "lines 3 to 21 " in texts["lines_as_one"]
    assert "too_long" in texts
    assert run["lines_read"] + (21 - 3) == len(body) - 1, "every line is told of"


async def test_a_quote_left_open_says_from_where_to_where(importer: httpx.AsyncClient) -> None:
    body = [HEAD, row('"Hoa'), *[row("B")] * 30, row('"Công ty ""X"", Y"'), row("C")]
    run = await sent(importer, b"\n".join(body), "text/csv")
    assert (run["created"], run["rejected"]) == (2, 1)
    (reject,) = (await importer.get(run["rejects"], headers={"Accept-Language": "en"})).json()["items"]
    (reason,) = reject["reasons"]
    assert (reject["line"], reason["code"]) == (2, "quote_not_closed")
    assert "opened on line 2 " in reason["reason"]
    assert "lines 2 to 32 " in reason["reason"]


@given(st.lists(st.text('",;\n aệ', max_size=8).filter(str.strip), min_size=1, max_size=8), st.integers(1, 64))
def test_what_was_quoted_as_it_should_be_is_read_as_it_was(names: list[str], block: int) -> None:
    for delimiter in ",;":
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
        writer.writerow(HEAD.decode().split(","))
        writer.writerows([name if cell == "An" else cell for cell in ROW.decode().split(",")] for name in names)
        found = [record.content for record in records(out.getvalue().encode(), block)]
        assert [content["applicant"]["name"] for content in found] == names  # type: ignore[index,call-overload]


@given(st.lists(st.text('",a', max_size=12), max_size=12))
def test_no_line_is_nowhere(lines: list[str]) -> None:
    """Whatever the quotes do: each line is a record, part of one that says so, or blank."""
    seen: set[int] = set()
    for record in records("\n".join([HEAD.decode(), *lines]).encode()):
        span = range(record.line, (record.last or record.line) + 1)
        assert not seen.intersection(span)
        seen.update(span)
        if isinstance(record.content, Reason) and "last" in record.content.params:
            assert record.content.params["last"] == span[-1]
    assert seen >= {number for number, line in enumerate(lines, 2) if line.strip()}


@pytest.mark.parametrize(
    "line", [b'"', b'""', b'"""', b'x","x', b'"x', b',"', b'""x', b'"",', b'"a\n', b'"a"b'], ids=repr
)
def test_quotes_of_every_kind_are_looked_at_a_few_times_at_most(line: bytes) -> None:
    for size in (1_000, 100_000):
        assert looked_at(HEAD + b"\n" + (line + b"\n") * (size // (len(line) + 1))) <= 4 * size + 1_000


@pytest.mark.parametrize("text", [b'"' * 1_000_001, b'",' * 500_000, b',"x"' * 250_000, b',"a' * 300_000], ids=len)
def test_one_long_line_of_quotes_is_looked_at_a_few_times_at_most(text: bytes) -> None:
    assert len(records(HEAD + b"\n" + text)) == 1
    assert looked_at(HEAD + b"\n" + text) <= 4 * len(text)


def looked_at(body: bytes) -> int:
    """How many letters a reader went over, those gone over again counted again."""
    seen = 0

    class Letters(str):
        def find(self, *of: Any) -> int:
            nonlocal seen
            found = super().find(*of)
            seen += (found if found >= 0 else len(self)) - of[1]
            return found

    class Watched(CsvReader):
        def _scanned(self, text: str, number: int, *, quoted: bool) -> Any:
            return super()._scanned(Letters(text), number, quoted=quoted)

        def _cells(self, text: str) -> list[str] | None:
            nonlocal seen
            seen += len(text)
            return super()._cells(text)

    reader = Watched()
    for at in range(0, len(body), 65_536):
        for _ in reader.feed(body[at : at + 65_536]):
            pass
    for _ in reader.close():
        pass
    return seen
