"""A day's anchor binds every event before it; whoever holds two anchors sees what was changed between them, without
this system."""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake_service.anchors import rules, verify_anchors
from intake_service.anchors.rules import Anchor
from intake_service.anchors.store import Kept
from intake_service.anchors.usecases import Anchors, take
from intake_service.app import create_app
from intake_service.verification.usecases import Dossiers
from services.local_issuer import LocalIssuer
from shared.web.checks import Check, one_moment, walked
from shared.web.clock import now
from shared.web.problems import Problem
from tests.builders_log import History, a_history, write, write_events
from tests.conftest import Database
from tests.emptying import empty
from tests.support import JUSTICE, PROVINCE, WARD, at, bearer, serving, settings_for

FIRST, LAST = date(2019, 1, 1), date(2019, 6, 30)


@dataclass
class Log:
    """An event log that grows, and what a third party is given of it."""

    database: Database
    owner: asyncpg.Connection
    intake: asyncpg.Connection
    client: httpx.AsyncClient
    agencies: list[int]
    rng: random.Random
    ends: AsyncExitStack

    async def another(self) -> asyncpg.Connection:
        """A session of the owner's beside the others; whatever it has open ends with the log."""
        connection = await asyncpg.connect(self.database.owner_url)
        self.ends.push_async_callback(connection.close, timeout=5)
        return connection

    async def grows(self, dossiers: int = 8) -> list[History]:
        lives = [
            a_history(self.rng, agencies=self.agencies, versions=[1], first=FIRST, last=LAST) for _ in range(dossiers)
        ]
        await write(self.owner, lives)
        return lives

    async def anchored(self) -> Kept:
        kept = await take(self.intake, now())
        assert kept is not None
        return kept

    async def handed_over(self, to: Path, after: int, upto: int) -> list[str]:
        """The files of a third party, and how it calls the verifier. An anchor that is there is kept as it was."""
        for number in filter(None, (after, upto)):
            file = to / f"anchor-{number}.txt"
            if not file.exists():
                file.write_bytes((await self.client.get(f"/v1/anchors/{number}")).json()["text"].encode())
        answer = await self.client.get(f"/v1/anchors/{upto}/events", params={"after": after})
        assert answer.status_code == 200, answer.text
        (to / "events.ndjson").write_bytes(answer.content)
        return ["events.ndjson", f"anchor-{after}.txt" if after else "-", f"anchor-{upto}.txt"]

    async def plants(self, statement: str, *values: Any) -> None:
        """What nobody may."""
        await self.owner.execute("SET session_replication_role = replica")
        assert not (await self.owner.execute(statement, *values)).endswith(" 0"), "it planted nothing"
        await self.owner.execute("SET session_replication_role = origin")

    async def verified(self, *beside: Check) -> list[tuple[str, str]]:
        """What `motcua verify` says of the anchors, and of what is checked beside them."""
        async with (
            one_moment(self.database.url) as moment,
            aclosing(walked(moment, [Anchors(), *beside], lambda _: None)) as found,
        ):
            return [(each.what, each.where) async for each in found]


@asynccontextmanager
async def a_log(database: Database, issuer: LocalIssuer, seed: int) -> AsyncIterator[Log]:
    owner = await asyncpg.connect(database.owner_url)
    intake = await asyncpg.connect(database.url("motcua_intake"))
    await empty(owner, "anchor_stamp", "anchor", "dossier_event", "dossier", "event_note")
    agencies = [
        row[0] for row in await owner.fetch("SELECT id FROM agency WHERE level = 'commune' ORDER BY id LIMIT 5")
    ]
    async with serving(create_app(settings_for(database, issuer))) as client, AsyncExitStack() as ends:
        ends.push_async_callback(intake.close, timeout=5)
        ends.push_async_callback(owner.close, timeout=5)
        client.headers.update(bearer(issuer, "supervisor", PROVINCE))
        yield Log(database, owner, intake, client, agencies, random.Random(seed), ends)


def by_hand(place: Path, *words: str) -> tuple[int, str]:
    """The verifier alone, elsewhere: no package of this project or of anybody is there."""
    lone = place / "verify_anchors.py"
    lone.write_bytes(Path(verify_anchors.__file__).read_bytes())
    done = subprocess.run(
        [sys.executable, "-I", "-S", lone.name, *words], cwd=place, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


async def test_what_was_not_changed_is_proved(database, issuer, tmp_path):
    async with a_log(database, issuer, 1) as log:
        for _ in range(3):
            await log.grows()
            await log.anchored()
        for after, upto in ((0, 1), (1, 2), (1, 3), (0, 3)):
            status, told = by_hand(tmp_path, *await log.handed_over(tmp_path, after, upto))
            assert (status, "nothing was changed" in told) == (0, True)
        assert await log.verified() == []
        counts = [each["events"] for each in (await log.client.get("/v1/anchors")).json()["items"]]
        assert sum(counts) == await log.owner.fetchval("SELECT count(*) FROM dossier_event")
        assert min(counts) > 0


_REHASHED = """
WITH RECURSIVE made AS (
  SELECT e.dossier_id, e.seq, sha256('forged'::bytea || convert_to(e.payload, 'UTF8')) AS hash
  FROM dossier_event e WHERE e.id = (SELECT min(id) FROM dossier_event WHERE id > $1)
  UNION ALL
  SELECT e.dossier_id, e.seq, sha256(m.hash || convert_to(e.payload, 'UTF8'))
  FROM made m JOIN dossier_event e ON e.dossier_id = m.dossier_id AND e.seq = m.seq + 1
)
UPDATE dossier_event e SET hash = made.hash FROM made WHERE made.dossier_id = e.dossier_id AND made.seq = e.seq
"""
_AN_EVENT = "(SELECT min(id) FROM dossier_event WHERE id > $1)"
TAMPERED = {
    "a payload": f"UPDATE dossier_event SET payload = payload || ' ' WHERE id = {_AN_EVENT}",
    "who did it": f"UPDATE dossier_event SET actor = 'khác' WHERE id = {_AN_EVENT}",
    "a due day": f"UPDATE dossier_event SET due_day = coalesce(due_day, '2019-01-01') + 30 WHERE id = {_AN_EVENT}",
    "when it happened": f"UPDATE dossier_event SET occurred_at = occurred_at - interval '1 day' WHERE id = {_AN_EVENT}",
    "a hash": f"UPDATE dossier_event SET hash = sha256(hash) WHERE id = {_AN_EVENT}",
    "a chain to its end": _REHASHED,
    "an event taken out": f"DELETE FROM dossier_event WHERE id = {_AN_EVENT}",
    "a dossier with all its events": "DELETE FROM dossier_event WHERE dossier_id = (SELECT dossier_id FROM"
    f" dossier_event WHERE id = {_AN_EVENT})",
    "two changed places": f"UPDATE dossier_event SET id = 2 * {_AN_EVENT} + 1 - id"
    f" WHERE id IN ({_AN_EVENT}, {_AN_EVENT} + 1)",
    "one put in": f"UPDATE dossier_event SET id = {_AN_EVENT} WHERE id = (SELECT max(id) FROM dossier_event)",
    "the code of a dossier": "UPDATE dossier SET code = code || 'X' WHERE id = (SELECT dossier_id FROM dossier_event"
    f" WHERE id = {_AN_EVENT})",
}


@pytest.mark.parametrize("statement", TAMPERED.values(), ids=TAMPERED)
async def test_whoever_holds_two_anchors_sees_what_was_changed(database, issuer, tmp_path, statement):
    async with a_log(database, issuer, 2) as log:
        await log.grows()
        first = await log.anchored()
        await log.grows()
        await log.anchored()
        await log.grows(1)  # and life goes on
        assert by_hand(tmp_path, *await log.handed_over(tmp_path, 1, 2))[0] == 0
        await log.plants(statement, first.anchor.last_event_id)
        status, told = by_hand(tmp_path, *await log.handed_over(tmp_path, 1, 2))
        assert status == 1, told
        assert await log.verified(Dossiers()) != []


async def test_an_anchor_made_anew_is_not_the_one_that_was_handed_over(database, issuer, tmp_path):
    async with a_log(database, issuer, 3) as log:
        await log.grows()
        await log.anchored()
        await log.grows()
        await log.anchored()
        words = await log.handed_over(tmp_path, 1, 2)
        await log.plants("DELETE FROM dossier_event WHERE id = (SELECT max(id) FROM dossier_event)")
        await log.plants("DELETE FROM anchor WHERE number = 2")
        await log.anchored()
        assert await log.verified() == [], "the system alone cannot know"
        assert await log.handed_over(tmp_path, 1, 2) == words
        status, told = by_hand(tmp_path, *words)
        assert (status, "do not end with the anchor that you hold" in told) == (1, True)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM anchor WHERE number = 2", [("anchor_gone", "2"), ("anchor_events", "3")]),
        ("UPDATE anchor SET events = events + 1 WHERE number = 2", [("anchor_root", "2"), ("anchor_events", "2")]),
        ("UPDATE anchor SET digest = sha256(digest) WHERE number = 3", [("anchor_root", "3"), ("anchor_digest", "3")]),
        ("UPDATE anchor SET root = sha256(root) WHERE number = 2", [("anchor_root", "2"), ("anchor_before", "3")]),
        ("UPDATE anchor SET taken_at = taken_at - interval '1 us' WHERE number = 1", [("anchor_root", "1")]),
        ("UPDATE anchor SET edition = 9, seal = 'x' WHERE number = 1", [("anchor_root", "1")]),
        ("UPDATE anchor SET previous = 'x' WHERE number = 3", [("anchor_before", "3"), ("anchor_root", "3")]),
    ],
)  # fmt: skip
async def test_an_anchor_that_was_changed_is_found(database, issuer, statement, found):
    async with a_log(database, issuer, 4) as log:
        for _ in range(3):
            await log.grows(3)
            await log.anchored()
        await log.plants(statement)
        assert sorted(await log.verified()) == sorted(found)


async def test_who_erases_words_and_people_leaves_it_valid(database, issuer, tmp_path):
    async with a_log(database, issuer, 5) as log:
        counter = bearer(issuer, "counter", WARD)
        draft = {
            "procedure": "2.000908",
            "agency": WARD,
            "channel": "counter",
            "applicant": {"kind": "person", "name": "Nguyễn Thị Đào", "id_number": "045190012345"},
        }
        code = (await log.client.post("/v1/dossiers", json=draft, headers=counter)).json()["code"]
        asked = {"reason": "Bà Đào nộp thiếu giấy khai sinh"}
        done = await log.client.post(f"/v1/dossiers/{code}/supplement-requests", json=asked, headers=counter)
        assert done.status_code == 200, done.text
        await log.anchored()
        words = await log.handed_over(tmp_path, 0, 1)
        before = (tmp_path / "events.ndjson").read_bytes()
        assert not any(secret in before.decode() for secret in ("Đào", "045190012345", "khai sinh"))
        await log.plants("DELETE FROM event_note")
        await log.plants("UPDATE applicant SET name = '', id_number = NULL")
        await log.handed_over(tmp_path, 0, 1)
        assert (tmp_path / "events.ndjson").read_bytes() == before
        assert by_hand(tmp_path, *words)[0] == 0
        assert await log.verified() == []


@pytest.mark.parametrize("overtaken", [True, False], ids=["by an older transaction", "by a younger one"])
async def test_what_is_written_late_is_in_one_anchor_or_the_next(database, issuer, overtaken):
    async with a_log(database, issuer, 6) as log:
        await log.grows(2)
        slow, other = await log.another(), await log.another()
        late, early = (
            a_history(log.rng, agencies=log.agencies, versions=[1], first=FIRST, last=LAST) for _ in range(2)
        )
        older, younger = other.transaction(), slow.transaction()
        await older.start()
        if overtaken:
            await other.execute("SELECT pg_current_xact_id()")
        await younger.start()
        await write_events(slow, late, late.events)  # its ids are drawn, and not yet to be seen
        await write_events(other, early, early.events)  # these are greater
        await older.commit()
        taking = asyncio.create_task(log.anchored())
        await asyncio.sleep(0.2)
        assert not taking.done(), "an event of before may still come"
        await log.grows(2)
        await younger.commit()
        first = await taking
        second = await log.anchored()
        total = await log.owner.fetchval("SELECT count(*) FROM dossier_event")
        assert first.anchor.events + second.anchor.events == total
        assert await log.verified() == []
        await slow.close()
        await other.close()


async def test_while_a_transaction_stays_open_none_is_taken(database, issuer, monkeypatch):
    async with a_log(database, issuer, 7) as log:
        await log.grows(1)
        monkeypatch.setattr("intake_service.anchors.usecases._LOOKS", 3)
        slow = await log.another()
        async with slow.transaction():
            await slow.execute("SELECT pg_current_xact_id()")
            with pytest.raises(Problem) as refused:
                await take(log.intake, now())
            assert refused.value.code == "unavailable"
        assert (await log.anchored()).anchor.number == 1


async def test_taken_at_once_they_are_one_line(database, issuer):
    async with a_log(database, issuer, 8) as log:
        await log.grows()

        async def takes(only_due: bool) -> Kept | None:
            connection = await asyncpg.connect(database.url("motcua_intake"))
            try:
                return await take(connection, now(), only_due=only_due)
            finally:
                await connection.close()

        found = await asyncio.gather(*(takes(only_due=True) for _ in range(4)))
        assert sum(each is not None for each in found) == 1, "a day has one"
        await log.grows(1)
        await asyncio.gather(*(takes(only_due=False) for _ in range(4)))
        assert await log.verified() == []
        assert await log.owner.fetchval("SELECT max(number) FROM anchor") == 5


async def test_a_log_that_was_restored_elsewhere_still_holds(database, issuer, tmp_path):
    async with a_log(database, issuer, 9) as log:
        for _ in range(2):
            await log.grows()
            await log.anchored()
        words = await log.handed_over(tmp_path, 1, 2)
        await log.plants("UPDATE dossier_event SET txid = '0'")  # decision 0001, Costs
        assert await log.verified() == []
        await log.handed_over(tmp_path, 1, 2)
        assert by_hand(tmp_path, *words)[0] == 0
        await log.plants("UPDATE anchor SET floor = '9000000000000000000'")  # of the cluster before, which was older
        await log.grows()
        third = await log.anchored()
        assert third.anchor.events > 0, "what is written there is anchored there"
        assert await log.verified() == []


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("Friday 2026-11-27 23:59", False),
        ("Saturday 2026-11-28 00:05", False),
        ("Saturday 2026-11-28 00:10", True),
        ("Sunday 2026-11-29 12:00", True),
    ],
)
def test_a_day_is_anchored_when_it_is_over(moment, due):
    last = Anchor(1, at("Friday 2026-11-27 00:10"), 5, 5, bytes(32), None, None, bytes(32))
    assert rules.is_due(last, at(moment)) is due
    assert rules.is_due(None, at(moment))


async def test_the_log_is_for_whoever_watches_over_the_whole_province(database, issuer):
    async with a_log(database, issuer, 10) as log:
        await log.grows(1)
        await log.anchored()
        for path in ("", "/1", "/1/events", "/1/stamp"):
            for role, agency, code in (
                ("supervisor", JUSTICE, "agency_out_of_scope"),
                ("admin", WARD, "agency_out_of_scope"),
                ("leader", PROVINCE, "forbidden"),
            ):
                answer = await log.client.get(f"/v1/anchors{path}", headers=bearer(issuer, role, agency))
                assert (answer.status_code, answer.json()["code"]) == (403, code), path
            assert (await log.client.get(f"/v1/anchors{path}")).status_code == (404 if path == "/1/stamp" else 200)


async def test_what_is_asked_wrongly(database, issuer):
    async with a_log(database, issuer, 11) as log:
        await log.grows(1)
        await log.anchored()

        async def told(path: str) -> tuple[int, list[tuple[str, str]]]:
            answer = await log.client.get(f"/v1/anchors/{path}")
            assert answer.headers["content-type"] == "application/problem+json"
            return answer.status_code, [(each["field"], each["code"]) for each in answer.json()["errors"]]

        assert await told("2") == (404, [])
        assert await told("2/events") == (404, [])
        assert await told("1/events?after=1") == (422, [("after", "not_before_number")])
        assert await told("1/events?after=9") == (422, [("after", "not_before_number")])
        assert await told("1/events?after=-1") == (422, [("after", "out_of_range")])
        assert await told("0") == (422, [("number", "out_of_range")])
        assert await told("x") == (422, [("number", "wrong_type")])
        assert await told("1/stamp") == (404, [("number", "not_stamped")])


def a_bundle() -> tuple[list[str], Anchor]:
    """Two events of one dossier, and the anchor that binds them."""
    lines, before, digest = [json.dumps({"format": "motcua-events/1", "after": 0, "upto": 1})], bytes(32), b""
    for sequence in (1, 2):
        text = f"19333-261127-0001\n{sequence}\naccepted\n4\n{{}}"
        made = sha256(before + text.encode()).digest()
        lines.append(json.dumps({"before": before.hex(), "text": text, "hash": made.hex()}))
        before, digest = made, digest + made
    anchor = Anchor(1, at("Friday 2026-11-27 00:10"), 2, 2, sha256(digest).digest(), 3, bytes(32), bytes(32))
    return [*lines, json.dumps({"anchor": anchor.text})], anchor


def looked_at(lines: list[str], anchor: Anchor) -> list[str]:
    return list(verify_anchors.findings(iter(lines), None, verify_anchors.anchor_of(anchor.text)))


def demand_that_no_letter_can_be_changed(data: Any, lines: list[str], anchor: Anchor) -> None:
    assert looked_at(lines, anchor) == []
    which = data.draw(st.integers(1, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[which]) - 1))
    letter = data.draw(st.characters(codec="ascii").filter(lambda letter: letter != lines[which][place]))
    changed = lines[which][:place] + letter + lines[which][place + 1 :]
    try:
        same = json.loads(changed) == json.loads(lines[which])
    except ValueError:
        same = False
    lines[which] = changed
    if same:
        return
    try:
        found = looked_at(lines, anchor)
    except (ValueError, KeyError, TypeError, AttributeError, verify_anchors.Unreadable):
        return
    assert found


@given(st.data())
def test_no_letter_can_be_changed(data):
    demand_that_no_letter_can_be_changed(data, *a_bundle())


@given(st.permutations(range(1, 4)), st.integers(1, 3))
def test_no_line_can_be_moved_taken_out_or_doubled(order, which):
    lines, anchor = a_bundle()
    if list(order) != [1, 2, 3]:
        assert looked_at([lines[0], *(lines[place] for place in order)], anchor)
    assert looked_at(lines[:which] + lines[which + 1 :], anchor)
    assert looked_at(lines[: which + 1] + lines[which:], anchor)


def an_event(before: bytes, text: str) -> dict[str, str]:
    return {"before": before.hex(), "text": text, "hash": sha256(before + text.encode()).hexdigest()}


def an_anchor(number: int, previous: bytes, *events: dict[str, str]) -> Anchor:
    digest = sha256(b"".join(bytes.fromhex(event["hash"]) for event in events)).digest()
    when = at("Friday 2026-11-27 00:10")
    return Anchor(number, when, number, len(events), digest, None, None, previous, "")


def proved(place: Path, first: Anchor | None, last: Anchor, *lines: object) -> tuple[int, str]:
    """What the verifier alone says of these lines. Text goes in as it is."""
    header = {"format": "motcua-events/2", "after": 0, "upto": 2, "ends": ""}
    (place / "events.ndjson").write_text(
        "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in (header, *lines)),
        encoding="utf-8",
    )
    for name, anchor in (("first.txt", first), ("last.txt", last)):
        (place / name).write_text(anchor.text if anchor else "", encoding="utf-8")
    return by_hand(place, "events.ndjson", "first.txt" if first else "-", "last.txt")


BEGUN = an_event(bytes(32), "19333-261127-0001\n1\naccepted\n4\n{}")
ENDED = an_event(bytes.fromhex(BEGUN["hash"]), "19333-261127-0001\n2\nfinished\n9\n{}")
ANCHOR_1 = an_anchor(1, bytes(32), BEGUN)
ANCHOR_2 = an_anchor(2, ANCHOR_1.root, ENDED)
BOUND_1, BOUND_2 = {"anchor": ANCHOR_1.text}, {"anchor": ANCHOR_2.text}


def test_what_an_event_says_cannot_be_moved_before_it(tmp_path):
    assert proved(tmp_path, ANCHOR_1, ANCHOR_2, ENDED, BOUND_2)[0] == 0
    said = bytes.fromhex(ENDED["before"]) + ENDED["text"].encode()
    for kept in (5, len(ENDED["text"]) - len("19333-261127-0001\n")):
        less = {"before": said[:-kept].hex(), "text": said[-kept:].decode(), "hash": ENDED["hash"]}
        status, told = proved(tmp_path, ANCHOR_1, ANCHOR_2, less, BOUND_2)
        assert status != 0, told


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "19333-261127-0001\\n2\\nreturned\\n10\\n{}", ' + json.dumps(ENDED)[1:],
        {**ENDED, "kind": "returned"},
        {**ENDED, "hash": ENDED["hash"].upper()},
        {**ENDED, "before": ENDED["before"] + "  "},
    ],
    ids=["a name that stands twice", "more than there is", "other letters", "blanks"],
)
def test_a_line_can_be_read_in_one_way_only(tmp_path, line):
    status, told = proved(tmp_path, ANCHOR_1, ANCHOR_2, line, BOUND_2)
    assert status != 0, told


def test_a_dossier_begins_once(tmp_path):
    anew = an_event(bytes(32), "19333-261127-0001\n1\naccepted\n4\n{} ")
    again = an_anchor(2, ANCHOR_1.root, anew)
    status, told = proved(tmp_path, None, again, BEGUN, BOUND_1, anew, {"anchor": again.text})
    assert (status, "event 1 of 19333-261127-0001: it does not follow" in told) == (1, True)


def test_from_the_beginning_no_dossier_begins_in_its_midst(tmp_path):
    alone = an_anchor(1, bytes(32), ENDED)
    assert proved(tmp_path, None, alone, ENDED, {"anchor": alone.text})[0] == 1


@pytest.mark.parametrize("line", ["[" * 100_000, '{"agency": Infinity, ' + json.dumps(BEGUN)[1:], "9" * 5_000, "{}"])
def test_what_is_no_line_proves_nothing(tmp_path, line):
    assert proved(tmp_path, None, ANCHOR_1, line, BOUND_1)[0] in (1, 2)  # and ends without a traceback


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_a_console_that_knows_no_vietnamese_is_told_all_the_same(tmp_path, encoding):
    proved(tmp_path, None, ANCHOR_1, BEGUN, BOUND_1)
    done = subprocess.run(
        [sys.executable, "verify_anchors.py", "events.ndjson", "-", "last.txt"],
        cwd=tmp_path,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        check=False,
    )
    assert (done.returncode, b"nothing was changed" in done.stdout) == (0, True), done.stderr


def test_nothing_that_is_quoted_moves_the_cursor(tmp_path):
    loud = an_event(bytes(32), "\x1b[2K\x1b[1A\r19333\n7\naccepted")
    status, told = proved(tmp_path, None, ANCHOR_1, loud, BOUND_1)
    assert (status, "\x1b" in told, "\r" in told, "\\x1b[2K" in told) == (1, False, False, True)


@pytest.mark.parametrize("first", [ANCHOR_1, ANCHOR_2])
def test_what_lies_between_an_anchor_and_itself_proves_nothing(tmp_path, first):
    assert proved(tmp_path, first, ANCHOR_1)[0] == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["none.ndjson", "-", "anchor.txt"], "none.ndjson"),
        (["events.ndjson", "-", "events.ndjson"], "an anchor is"),
        (["anchor.txt", "-", "anchor.txt"], "cannot be looked at"),
        (["events.ndjson", "anchor.txt"], "usage"),
        (["events.ndjson", "-", "anchor.txt", "--stamp", "x"], "go together"),
    ],
)
def test_the_verifier_says_what_it_cannot_look_at(tmp_path, given, told):
    lines, anchor = a_bundle()
    (tmp_path / "events.ndjson").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (tmp_path / "anchor.txt").write_text(anchor.text, encoding="utf-8")
    assert by_hand(tmp_path, "events.ndjson", "-", "anchor.txt")[0] == 0
    status, said = by_hand(tmp_path, *given)
    assert (status, told in said) == (2, True), said
