"""Files that are anything: whatever bytes an import reads, in whatever blocks they come, each line becomes a record, a
part of one or a rejection, once; no line is lost, nothing is raised, and no more than a line and a record is held."""

import csv
import gzip
import io
import json
import tracemalloc
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake_service.imports.lines import MAX_LINE_BYTES, CsvReader, NdjsonReader, RawRecord, Reader
from intake_service.imports.rules import Judge
from shared.reference import Reference
from shared.reference.store import read_reference
from shared.web.clock import now
from shared.web.problems import Problem, Reason
from tests.hostile.calls import Scene
from tests.hostile.corpus import MARK, RAW, TEXTS
from tests.intake.importing import HEAD, ROW, a_record
from tests.support import PROVINCE, bearer

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1258")
#: Bytes among which those that mean something to a reader are frequent.
_BYTES = st.lists(
    st.one_of(
        st.sampled_from([b"\n", b"\r", b"\r\n", b'"', b'""', b",", b";", b"\t", b"\0", b"\xef\xbb\xbf", b"\xff", b" "]),
        st.sampled_from([ROW, HEAD, b"{}", b'{"a":', b"\xc3", b"\xe1\xbb", b"\x1a", b"\xc2\x85", b"\xe2\x80\xa8"]),
        st.sampled_from([b'\n"', b',"', b'",', b'"\n', b"\n\xff\n", b"\n\n", ROW.replace(b"An", b'"An')]),
        st.binary(max_size=6),
    ),
    max_size=30,
).map(b"".join)
_BLOCKS = st.integers(1, 80)


def read(reader: Reader, body: bytes, block: int) -> list[RawRecord]:
    """What a reader makes of a body that comes in such blocks."""
    found = [record for at in range(0, len(body), block) for record in reader.feed(body[at : at + block])]
    return [*found, *reader.close()]


def refused_at_header(body: bytes, block: int) -> list[RawRecord] | None:
    """The records of a CSV; None: it was refused, for its header."""
    try:
        return read(CsvReader(), body, block)
    except Problem as refused:
        fields = {reason.field for reason in refused.reasons}
    assert fields == {"header"}
    return None


def blank(line: bytes) -> bool:
    return not line.strip()


@settings(max_examples=400, deadline=None)
@given(_BYTES, _BLOCKS)
def test_each_line_of_ndjson_is_accounted_for(body: bytes, block: int) -> None:
    found = read(NdjsonReader(), body, block)
    lines = body.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert [record.line for record in found] == [n for n, line in enumerate(lines, 1) if not blank(line)]
    assert found == read(NdjsonReader(), body, 65_536), "how it is cut into blocks changes nothing"


@settings(max_examples=400, deadline=None)
@given(_BYTES, _BLOCKS)
def test_each_line_of_a_csv_is_accounted_for(body: bytes, block: int) -> None:
    whole = HEAD + b"\n" + body
    found = read(CsvReader(), whole, block)
    seen: list[int] = []
    for record in found:
        seen += range(record.line, (record.last or record.line) + 1)
    assert len(set(seen)) == len(seen), "no line is in two records"
    wanted = {n for n, line in enumerate(whole.split(b"\n"), 1) if n > 1 and not _empty(line)}
    assert wanted <= set(seen)
    assert found == read(CsvReader(), whole, 65_536)


def _empty(line: bytes) -> bool:
    try:
        return not line.decode().strip()
    except UnicodeDecodeError:
        return False


@settings(max_examples=400, deadline=None)
@given(_BYTES, _BLOCKS)
def test_a_file_that_begins_with_anything_is_refused_or_read(body: bytes, block: int) -> None:
    refused_at_header(body, block)


@pytest.fixture(scope="module")
async def judge(scene: Scene) -> Judge:
    reference: Reference = await read_reference(scene.owner)
    return Judge(reference, frozenset(reference.agencies.by_id), now(), b"a secret")


_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.sampled_from(TEXTS), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=5,
)


@settings(deadline=None)
@given(field=st.sampled_from([*a_record(1), "supplements", "code", "case", "due_at", MARK]), value=_VALUES)
def test_no_record_whatever_raises(judge: Judge, field: str, value: Any) -> None:
    """Judged, it is a dossier or has its reasons; none of them says what the record said."""
    raw = RawRecord(1, json.dumps({**a_record(1), field: value}).encode(errors="surrogatepass"))
    (judged,) = judge.judged([raw])
    for reason in getattr(judged, "reasons", ()):
        assert MARK not in reason.text("vi") + reason.field


@pytest.mark.parametrize("raw", RAW, ids=lambda raw: ascii(raw)[:24])
def test_no_line_whatever_raises(judge: Judge, raw: bytes) -> None:
    for line in (raw, b'{"procedure":' + raw + b"}", b'{"applicant":{"name":' + raw + b"}}"):
        (judged,) = judge.judged([RawRecord(1, line)])
        assert getattr(judged, "reasons", ())


def dialects() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "tabs", {"delimiter": "\t"}
    yield "bars", {"delimiter": "|"}
    yield "single quotes", {"quotechar": "'", "quoting": csv.QUOTE_ALL}
    yield "backslashes", {"doublequote": False, "escapechar": "\\"}
    yield "all in quotes", {"quoting": csv.QUOTE_ALL}
    yield "old Mac lines", {"lineterminator": "\r"}
    yield "semicolons", {"delimiter": ";", "lineterminator": "\r\n"}


@pytest.mark.parametrize(("name", "dialect"), list(dialects()), ids=lambda part: part if isinstance(part, str) else "")
def test_a_dialect_is_read_as_it_is_or_refused_at_its_header(name: str, dialect: dict[str, Any]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, **{"lineterminator": "\n", **dialect})
    rows = [cell.split(",") for cell in (HEAD.decode(), ROW.decode(), ROW.decode().replace("An", 'A "n" \\'))]
    writer.writerows(rows)
    found = refused_at_header(out.getvalue().encode(), 1024)
    if found is None:
        return
    assert [record.line for record in found] == [2, 3]
    assert not isinstance(found[0].content, Reason)


@pytest.mark.parametrize("reader", [NdjsonReader, CsvReader])
@pytest.mark.parametrize("line", [b"x", b'"', b",", b'",'], ids=repr)
def test_a_line_of_ten_megabytes_is_let_go_and_named(reader: type[NdjsonReader | CsvReader], line: bytes) -> None:
    """The lines before and after it are read, and at no moment more of it is held than a line may have."""
    taken = reader()
    first = HEAD if reader is CsvReader else b"{}"
    after = b"\n" + ROW + b"\n" if reader is CsvReader else b"\n{}\n"
    block = line * (65_536 // len(line))
    found = list(taken.feed(first + b"\n"))
    tracemalloc.start()
    for _ in range(160):
        found += taken.feed(block)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found += [*taken.feed(after), *taken.close()]
    told = [(each.line, each.content.code if isinstance(each.content, Reason) else "") for each in found]
    assert told[-2:] == [(2, "line_too_long"), (3, "")]
    assert most < 4 * MAX_LINE_BYTES


async def sent(scene: Scene, body: bytes, media: str, **headers: str) -> httpx.Response:
    admin = bearer(scene.issuer, "admin", PROVINCE)
    return await scene.intake.post("/v1/imports", content=body, headers={**admin, "Content-Type": media, **headers})


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("media", ["text/csv", "application/x-ndjson"])
async def test_other_encodings_are_refused_with_their_lines(scene: Scene, media: str, encoding: str) -> None:
    name = "Thị" if encoding.startswith("utf") else "Thê É"  # which that encoding can write
    if media == "text/csv":
        text = f"{HEAD.decode()}\n{ROW.decode().replace('An', name)}\n"
    else:
        record = a_record(legacy_code=f"E-{encoding}", applicant={"kind": "person", "name": name})
        text = json.dumps(record, ensure_ascii=False) + "\n"
    body = text.encode(encoding)
    answer = await sent(scene, body, media)
    if answer.status_code == 422:
        assert {error["field"] for error in answer.json()["errors"]} <= {"header", "body"}
        return
    assert answer.status_code == 201, answer.text
    run = answer.json()
    landed = run["created"] + run["unchanged"]
    assert bool(landed) == encoding.startswith("utf-8"), "what is not UTF-8 does not land as something else"
    assert run["rejected"] + landed == run["lines_read"] > 0


@pytest.mark.parametrize("cut", range(1, 60, 7))
async def test_a_file_that_is_cut_tells_of_its_last_line(scene: Scene, cut: int) -> None:
    whole = b"".join(json.dumps(a_record(n) | {"legacy_code": f"C{cut}-{n}"}).encode() + b"\n" for n in range(3))
    run = (await sent(scene, whole[:-cut], "application/x-ndjson")).json()
    assert (run["lines_read"], run["created"], run["rejected"]) == ((3, 3, 0) if cut == 1 else (3, 2, 1))


BOMBS = {
    "gzip": gzip.compress(b"\0" * 20_000_000),
    "deflate": zlib.compress(b"\0" * 20_000_000),
    "br": b"\xce\xff\xff\x0f",
    "zstd": b"\x28\xb5\x2f\xfd",
    "gzip, gzip": gzip.compress(gzip.compress(b"\0" * 20_000_000)),
    "identity, gzip": gzip.compress(b"{}"),
    "GZIP": gzip.compress(b"{}"),
    "x": b"{}",
}


@pytest.mark.parametrize("coding", BOMBS)
async def test_nothing_is_unpacked(scene: Scene, coding: str) -> None:
    for media in ("text/csv", "application/x-ndjson"):
        answer = await sent(scene, BOMBS[coding], media, **{"Content-Encoding": coding})
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
        assert [error["code"] for error in answer.json()["errors"]] == ["content_encoding"]
        packed = await sent(scene, BOMBS[coding], media)  # and who does not say so sends a line that is none
        assert packed.status_code in (201, 422), packed.text
        assert packed.status_code == 422 or packed.json()["created"] == 0
