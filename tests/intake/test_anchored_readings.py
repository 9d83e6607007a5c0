"""Anchors bind who read personal data, too: whoever holds two of them sees which record of a reading was changed, put
in or taken away, even at the end of a chain; and those from before readings were recorded hold as they did."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_service.access_records.rules import Access, record_hash, told
from intake_service.access_records.usecases import AccessChain
from intake_service.anchors import verify_anchors
from intake_service.anchors.rules import FORMAT, FORMAT_1, Anchor, End, ends_read, ends_told, out_of_line
from services.local_issuer import LocalIssuer
from shared.domain.chain import GENESIS
from tests.intake.test_anchors import Log, a_log, by_hand, demand_that_no_letter_can_be_changed, looked_at
from tests.support import WARD, a_draft, at, bearer

PERSON = {"kind": "person", "name": "Nguyễn Thị Đào", "id_number": "045190123987", "phone": "0905 123 654"}
OTHER_WARD = "19351"


async def read_by(log: Log, issuer: LocalIssuer, agency: str, times: int) -> None:
    """A ward's counter looks at dossiers of its own."""
    counter = bearer(issuer, "counter", agency)
    draft = {**a_draft(agency=agency), "applicant": PERSON}
    made = await log.client.post("/v1/dossiers", json=draft, headers=counter)
    assert made.status_code == 201, made.text
    for _ in range(times):
        found = await log.client.get(f"/v1/dossiers/{made.json()['code']}", headers=counter)
        assert found.json()["applicant"]["id_number"] == PERSON["id_number"], "or nothing was recorded"


async def three_anchors(log: Log, issuer: LocalIssuer) -> None:
    await log.owner.execute("TRUNCATE access_record")
    for times in (2, 3, 1):
        await read_by(log, issuer, WARD, times)
        await read_by(log, issuer, OTHER_WARD, 1)
        await log.anchored()


async def test_what_was_not_changed_is_proved(database, issuer, tmp_path):
    async with a_log(database, issuer, 21) as log:
        await three_anchors(log, issuer)
        await read_by(log, issuer, WARD, 2)  # and life goes on
        for after, upto, readings in ((0, 1, 3), (1, 2, 4), (1, 3, 6), (0, 3, 9)):
            status, said = by_hand(tmp_path, *await log.handed_over(tmp_path, after, upto))
            assert (status, "nothing was changed" in said) == (0, True), said
            given_over = (tmp_path / "events.ndjson").read_text(encoding="utf-8")
            assert given_over.count('{"agency":') == readings
            assert not any(secret in given_over for secret in (PERSON["id_number"], "Đào", "123 654"))
        assert await log.verified(AccessChain()) == []
        text = (tmp_path / "anchor-3.txt").read_text(encoding="utf-8")
        assert text.startswith(f"{FORMAT}\n")
        assert "\nreadings 9 " in text


_LAST = "(agency_id, number) = (SELECT agency_id, max(number) FROM access_record WHERE id <= $1 GROUP BY 1 LIMIT 1)"
_SECOND = "number = 2 AND agency_id = (SELECT agency_id FROM access_record WHERE number = 3 LIMIT 1)"
TAMPERED = {
    "who read": f"UPDATE access_record SET subject = 'khác' WHERE {_SECOND} AND id <= $1",
    "when": f"UPDATE access_record SET at = at - interval '1 day' WHERE {_SECOND} AND id <= $1",
    "what": f"UPDATE access_record SET fields = '{{phone}}' WHERE {_SECOND} AND id <= $1",
    "of whom": f"UPDATE access_record SET dossiers = '{{77}}' WHERE {_SECOND} AND id <= $1",
    "a hash": f"UPDATE access_record SET hash = sha256(hash) WHERE {_SECOND} AND id <= $1",
    "one from the midst": f"DELETE FROM access_record WHERE {_SECOND} AND id <= $1",
    "the end of a chain": f"DELETE FROM access_record WHERE {_LAST}",
    "all of an agency": "DELETE FROM access_record WHERE agency_id = (SELECT min(agency_id) FROM access_record"
    " WHERE id <= $1)",
    "two changed places": "UPDATE access_record SET number = 100 + number WHERE number <= 2 AND id <= $1",
    "a field of no name": f"UPDATE access_record SET fields = '{{x,NULL}}' WHERE {_SECOND} AND id <= $1",
    "a time without end": f"UPDATE access_record SET at = 'infinity' WHERE {_SECOND} AND id <= $1",
    "a time before the first": f"UPDATE access_record SET at = '4000-01-01 00:00Z BC' WHERE {_SECOND} AND id <= $1",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
async def test_whoever_holds_two_anchors_sees_what_was_changed(database, issuer, tmp_path, statement):
    async with a_log(database, issuer, 22) as log:
        await three_anchors(log, issuer)
        assert by_hand(tmp_path, *await log.handed_over(tmp_path, 0, 3))[0] == 0
        await log.plants(statement, await log.owner.fetchval("SELECT max(id) FROM access_record"))
        status, said = by_hand(tmp_path, *await log.handed_over(tmp_path, 0, 3))
        assert status == 1, said
        assert "reading" in said
        assert await log.verified(AccessChain()) != []


async def test_the_end_of_a_chain_that_was_cut_off_is_named(database, issuer):
    async with a_log(database, issuer, 23) as log:
        await three_anchors(log, issuer)
        ward = await log.owner.fetchval("SELECT agency_id FROM access_record WHERE number = 6")
        await log.plants("DELETE FROM access_record WHERE number = 6")
        assert await log.verified(AccessChain()) == [("anchor_readings", f"3 · {WARD} (#{ward}) · 6")]


@pytest.mark.parametrize("ends", ["NULL", "''", "'x'", "ends || ends", "repeat('9 9 x', 100000)", "upper(ends)"])
async def test_ends_that_were_changed_are_found(database, issuer, ends):
    async with a_log(database, issuer, 24) as log:
        await three_anchors(log, issuer)
        await log.plants(f"UPDATE anchor SET ends = {ends} WHERE number = 2")
        assert ("anchor_root", "2") in await log.verified()
        assert (await log.client.get("/v1/anchors/3/events")).status_code == 200


async def test_an_anchor_from_before_readings_were_bound_holds_as_it_did(database, issuer, tmp_path):
    async with a_log(database, issuer, 25) as log:
        await log.owner.execute("TRUNCATE access_record")
        await read_by(log, issuer, WARD, 2)
        first = (await log.anchored()).anchor._replace(ends=None)
        await log.plants("UPDATE anchor SET ends = NULL, root = $1 WHERE number = 1", first.root)
        await read_by(log, issuer, WARD, 1)
        await log.anchored()
        assert (await log.client.get("/v1/anchors/1")).json()["text"].startswith(f"{FORMAT_1}\n")
        for after, upto in ((0, 1), (1, 2), (0, 2)):
            status, said = by_hand(tmp_path, *await log.handed_over(tmp_path, after, upto))
            assert status == 0, said
        assert (tmp_path / "events.ndjson").read_text(encoding="utf-8").count('{"agency":') == 3
        assert await log.verified(AccessChain()) == []


async def test_other_ends_do_not_begin_what_is_handed_over(database, issuer, tmp_path):
    async with a_log(database, issuer, 26) as log:
        await three_anchors(log, issuer)
        words = await log.handed_over(tmp_path, 1, 2)
        lines = (tmp_path / "events.ndjson").read_text(encoding="utf-8").splitlines()
        about = json.loads(lines[0])
        for ends in ("", about["ends"].replace(" 2 ", " 1 "), about["ends"][:-5] + "0000\n"):
            changed = [json.dumps({**about, "ends": ends}), *lines[1:]]
            (tmp_path / "events.ndjson").write_text("".join(f"{line}\n" for line in changed), encoding="utf-8")
            status, said = by_hand(tmp_path, *words)
            assert (status, "the anchor that you hold" in said) == (1, True), said


def a_bundle() -> tuple[list[str], Anchor]:
    """Two readings of one agency, one of another, and the anchor that binds them and no event."""
    lines: list[str] = [json.dumps({"format": "motcua-events/2", "after": 0, "upto": 1, "ends": ""})]
    ends: dict[int, End] = {}
    for agency in (7, 7, 12):
        before = ends.get(agency, End(0, GENESIS))
        access = Access(
            at("Friday 2026-11-27 09:00"), f"an@{agency}", "counter", agency, "readDossier", ["phone"], [4711]
        )
        made = record_hash(before.hash, before.number + 1, access.tail())
        said = {"before": before.hash.hex(), "text": told(before.number + 1, access.tail()), "hash": made.hex()}
        lines.append(json.dumps({"agency": agency, **said}))
        ends[agency] = End(before.number + 1, made)
    nothing = bytes(32)
    anchor = Anchor(
        1, at("Saturday 2026-11-28 00:10"), 0, 0, sha256(b"").digest(), None, None, nothing, ends_told(ends)
    )
    return [*lines, json.dumps({"anchor": anchor.text})], anchor


@given(st.data())
def test_no_letter_can_be_changed(data: Any) -> None:
    demand_that_no_letter_can_be_changed(data, *a_bundle())


@given(st.permutations(range(1, 5)), st.integers(1, 4))
def test_no_line_can_be_taken_out_or_doubled_and_none_of_a_chain_moved(order: list[int], which: int) -> None:
    lines, anchor = a_bundle()
    in_chain = order.index(1) < order.index(2) and order[-1] == 4
    assert bool(looked_at([lines[0], *(lines[place] for place in order)], anchor)) is not in_chain
    assert looked_at(lines[:which] + lines[which + 1 :], anchor)
    assert looked_at(lines[: which + 1] + lines[which:], anchor)


def test_a_reading_stands_in_the_chain_of_its_own_agency() -> None:
    lines, anchor = a_bundle()
    ends = ends_told({agency + 1: end for agency, end in ends_read(anchor.ends or "").items()})
    moved = anchor._replace(ends=ends)
    other = [json.dumps({**each, "agency": each["agency"] + 1}) for each in map(json.loads, lines[1:-1])]
    found = looked_at([lines[0], *other, json.dumps({"anchor": moved.text})], moved)
    assert [each.rsplit(": ", 1)[1] for each in found] == ["it is of another agency"] * 3


def test_once_readings_are_bound_no_anchor_leaves_them_out() -> None:
    lines, first = a_bundle()
    second = first._replace(number=2, previous=first.root, ends=None)
    found = looked_at([*lines, json.dumps({"anchor": second.text})], second)
    assert [each.split(": ")[0] for each in found] == ["anchor 2"]
    told_by_verify = list(out_of_line([(first, first.root), (second, second.root)]))
    assert [(each.what, each.where) for each in told_by_verify] == [("anchor_readings", "2")]


@given(
    st.dictionaries(
        st.integers(1, 10**9 - 1), st.tuples(st.integers(1, 10**18 - 1), st.binary(min_size=32, max_size=32))
    )
)
def test_ends_are_read_as_they_are_told(given_ends: dict[int, tuple[int, bytes]]) -> None:
    ends = {agency: End(*end) for agency, end in given_ends.items()}
    assert ends_read(ends_told(ends)) == ends
    readings = verify_anchors.Readings(ends_told(ends))
    assert (
        readings.told() == f"{sum(end.number for end in ends.values())} {sha256(ends_told(ends).encode()).hexdigest()}"
    )


def test_the_two_readers_of_an_anchor_know_the_same_formats(tmp_path: Path) -> None:
    assert tuple(verify_anchors.ANCHORS) == (FORMAT_1, FORMAT)
