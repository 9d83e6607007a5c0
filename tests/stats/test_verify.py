"""`motcua verify`: random lives are clean, at every moment; and every kind of corruption is found and named."""

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio

from intake_service.app import create_app as intake_app
from routing_service.app import create_app as routing_app
from services.local_issuer import LocalIssuer
from services.verification import CHECKS, NAMES, WORDS
from shared.domain.counts import METRICS, Facts
from shared.domain.differences import Difference
from shared.web.checks import one_moment, walked
from stats_service.counts.usecases import bring_checkpoints_up, fold_once
from stats_service.verification.usecases import rebuild
from tests.builders_log import DAY, History, a_dossier, a_history, an_event, fold_all, write, write_events
from tests.conftest import Database
from tests.intake.lives import did, many_lives, received, submitted
from tests.support import PROVINCE, bearer, serving, settings_for

FIRST, LAST = date(2018, 11, 20), date(2019, 6, 30)


async def differences(database: Database, *, size: int = 7) -> list[Difference]:
    """All that a verification finds, in ranges so small that a history of tests has many."""
    checks = [check() for check in CHECKS]
    async with (
        one_moment(database.url) as moment,
        aclosing(walked(moment, checks, lambda _: None, size=size)) as found,
    ):
        return [difference async for difference in found]


async def motcua_verify(database: Database, *more: str) -> tuple[int, str]:
    """The command: exit status, what it printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services", "verify", *more),
        env={"MOTCUA_DATABASE_URL": database.owner_url, "LC_ALL": "vi_VN.UTF-8", "PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, printed.decode()


@dataclass
class Ground:
    """A database with histories that are counted, and its owner, whom no trigger and no grant holds back."""

    database: Database
    owner: asyncpg.Connection
    stats: asyncpg.Connection
    agencies: list[int]
    histories: list[History]

    async def plants(self, statement: str, *values: Any) -> None:
        """Change what nobody may."""
        await self.owner.execute("SET session_replication_role = replica")
        done = await self.owner.execute(statement, *values)
        assert done.split()[-1] != "0", f"nothing was planted: {statement}"


TABLES = ("dossier", "dossier_event", "event_note", "count_day", "count_checkpoint", "stats_position")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def made(database: Database) -> tuple[list[int], list[History]]:
    """Sixty random lives and one that is known, counted, with checkpoints; and a copy, to begin again from."""
    owner = await asyncpg.connect(database.owner_url)
    stats = await asyncpg.connect(database.url("motcua_stats"), server_settings={"jit": "off"})
    agencies = [row[0] for row in await owner.fetch("SELECT id FROM agency ORDER BY id LIMIT 4")]
    rng = random.Random(4)
    histories = [a_history(rng, agencies=agencies, versions=[1], first=FIRST, last=LAST) for _ in range(60)]
    received = date(2019, 3, 4)  # a Monday
    calm = Facts(agencies[0], 1, received, received + DAY, received + 2 * DAY)
    histories.append(
        a_dossier(
            an_event(calm, received),
            an_event(calm._replace(due_day=None, late_day=None, paused=True), received + DAY),
            an_event(calm, received + 3 * DAY),
            an_event(calm._replace(finished_day=received + 3 * DAY, verdict=3), received + 3 * DAY),
        )
    )
    await write(owner, histories)
    await fold_all(stats)
    await bring_checkpoints_up(stats, LAST)
    for table in TABLES:
        await owner.execute(f"CREATE TABLE kept_{table} AS TABLE {table}")
    await owner.close()
    await stats.close()
    return agencies, histories


@pytest.fixture
async def ground(database: Database, made: tuple[list[int], list[History]]) -> AsyncIterator[Ground]:
    """What was made, as it was made."""
    owner = await asyncpg.connect(database.owner_url)
    stats = await asyncpg.connect(database.url("motcua_stats"), server_settings={"jit": "off"})
    await owner.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
    for table in TABLES:
        await owner.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}")
    yield Ground(database, owner, stats, *made)
    await owner.close()
    await stats.close()


# --- clean -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
async def test_a_random_history_is_clean_at_every_moment(ground: Ground, seed: int) -> None:
    """Whatever is folded, whatever is not yet, in whatever order it came in."""
    rng = random.Random(seed)
    written = [a_history(rng, agencies=ground.agencies, versions=[1], first=FIRST, last=LAST) for _ in range(40)]
    waiting = {history.code: list(history.events) for history in written}
    by_code = {history.code: history for history in written}
    while waiting:
        async with ground.owner.transaction():
            for code in rng.sample(sorted(waiting), min(len(waiting), rng.randint(1, 12))):
                some = waiting[code][: rng.randint(1, 3)]
                await write_events(ground.owner, by_code[code], some)
                del waiting[code][: len(some)]
                if not waiting[code]:
                    del waiting[code]
        if rng.random() < 0.6:
            await fold_once(ground.stats, limit=rng.randint(1, 20))
        if rng.random() < 0.2:
            await bring_checkpoints_up(ground.stats, LAST + timedelta(days=rng.choice([0, 40])))
        assert await differences(ground.database, size=rng.randint(1, 30)) == []


async def test_an_event_folded_before_the_one_it_follows_is_no_difference(ground: Ground) -> None:
    """Transaction ids say who began, not who came first."""
    day = date(2019, 5, 6)  # a Monday
    facts = Facts(ground.agencies[0], 1, day, day + DAY, day + 2 * DAY)
    waiting = facts._replace(due_day=None, late_day=None, paused=True)
    history = a_dossier(
        an_event(facts, day),
        an_event(waiting, day),
        an_event(waiting._replace(agency_id=ground.agencies[1], channel=2), day + DAY),
    )
    slow = await asyncpg.connect(ground.database.owner_url)
    async with slow.transaction():
        await slow.fetchval("SELECT pg_current_xact_id()")
        await write_events(ground.owner, history, history.events[:2])
        await write_events(slow, history, history.events[2:])
    await slow.close()
    for _ in range(3):
        assert await differences(ground.database) == []
        await fold_once(ground.stats, limit=1)
    assert await differences(ground.database) == []


async def test_what_goes_on_meanwhile_is_no_difference(ground: Ground) -> None:
    """Writers, and the fold after them: every look is of one moment."""
    over = asyncio.Event()
    rng = random.Random(11)

    async def writes() -> None:
        while not over.is_set():
            more = [a_history(rng, agencies=ground.agencies, versions=[1], first=FIRST, last=LAST) for _ in range(3)]
            async with ground.owner.transaction():
                await write(ground.owner, more)
            await asyncio.sleep(0.05)  # each look takes longer by what was written: they would not come to an end

    async def folds() -> None:
        while not over.is_set():
            await fold_once(ground.stats, limit=rng.randint(1, 30))

    async def looks() -> None:
        try:
            for _ in range(8):
                assert await differences(ground.database, size=10) == []
        finally:
            over.set()

    await asyncio.gather(writes(), folds(), looks())


async def test_lives_as_intake_writes_them_are_clean(fresh_database: Database, issuer: LocalIssuer) -> None:
    settings = settings_for(fresh_database, issuer)
    stats = await asyncpg.connect(fresh_database.url("motcua_stats"))
    async with serving(intake_app(settings)) as intake, serving(routing_app(settings)):
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        async for n in many_lives(intake, random.Random(3)):
            if n % 2:
                await fold_once(stats)
    await stats.close()
    status, printed = await motcua_verify(fresh_database, "--format", "json")
    told = orjson.loads(printed)
    assert (status, told["differences"]) == (0, [])
    assert told["seen"]["events"] > 100
    assert told["seen"]["words"] > 20
    assert told["seen"]["words_gone"] == 0


# --- planted ---------------------------------------------------------------------------------------------------------

#: The history that each fixture ends with: four events, finished late.
_ITS = "dossier_id = (SELECT max(id) FROM dossier)"
_ROW = "id = (SELECT max(id) FROM dossier)"


@pytest.mark.parametrize(
    ("seq", "change"),
    [
        (1, "kind = 'tesu'"),
        (4, "kind = 'returned'"),
        (2, "status = 3"),
        (1, "occurred_at = occurred_at + interval '1 microsecond'"),
        (4, "occurred_at = 'infinity'"),
        (4, "occurred_at = '294276-12-31 00:00Z'"),
        (3, "recorded_at = '294276-12-31 00:00Z'"),
        (2, "recorded_at = recorded_at - interval '1 second'"),
        (3, "actor = 'another'"),
        (4, "actor = E'te\\nst'"),
        (2, "acting_agency_id = acting_agency_id + 1"),
        (4, "agency_id = agency_id + 1"),
        (1, "channel = 3"),
        (1, "received_day = received_day - 1"),
        (4, "received_day = NULL"),
        (3, "due_day = '2019-03-20'"),
        (4, "late_day = '2019-03-21'"),
        (4, "finished_day = '2019-03-22'"),
        (1, "received_day = '4000-01-01 BC'"),
        (4, "finished_day = '4000-01-01 BC'"),
        (4, "finished_day = '-infinity'"),
        (4, "late_day = 'infinity'"),
        (4, "occurred_at = '4000-01-01 00:00Z BC'"),
        (3, "recorded_at = '-infinity'"),
        (4, "verdict = 1"),
        (2, "paused = NOT paused"),
        (1, "payload = '{\"x\":1}'"),
        (4, "payload = 'no JSON'"),
        (2, "hash = sha256('x')"),
        (4, "hash = sha256('x')"),
    ],
)
async def test_a_changed_event(ground: Ground, seq: int, change: str) -> None:
    code = ground.histories[-1].code
    await ground.plants(f"UPDATE dossier_event SET {change} WHERE {_ITS} AND seq = {seq}")
    found = await differences(ground.database)
    named = {(d.check, d.what, d.where) for d in found}
    assert ("chain", "hash", f"{code} · {seq}") in named
    assert all(code in d.where for d in found if d.check in ("chain", "dossier"))


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (f"DELETE FROM dossier_event WHERE {_ITS} AND seq = 1", ("chain", "gap", "{code} · 2")),
        (f"DELETE FROM dossier_event WHERE {_ITS} AND seq = 2", ("chain", "gap", "{code} · 3")),
        (f"DELETE FROM dossier_event WHERE {_ITS} AND seq = 4", ("chain", "event_seq", "{code}")),
        (f"DELETE FROM dossier_event WHERE {_ITS}", ("chain", "eventless", "{code}")),
        (f"DELETE FROM dossier WHERE {_ROW}", ("chain", "dossierless", "#{id} · 1")),
        (
            "UPDATE dossier_event e SET hash = o.hash FROM dossier_event o WHERE e.dossier_id = o.dossier_id"
            f" AND e.{_ITS} AND (e.seq, o.seq) IN ((2, 3), (3, 2))",
            ("chain", "hash", "{code} · 2"),
        ),
        (
            "INSERT INTO dossier_event (dossier_id, seq, kind, status, occurred_at, recorded_at, actor,"
            " acting_agency_id, agency_id, channel, received_day, paused, payload, hash)"
            " SELECT dossier_id, 5, kind, status, occurred_at, recorded_at, actor, acting_agency_id, agency_id,"
            f" channel, received_day, paused, payload, hash FROM dossier_event WHERE {_ITS} AND seq = 4",
            ("chain", "event_seq", "{code}"),
        ),
        (f"UPDATE dossier SET code = code || '1' WHERE {_ROW}", ("chain", "hash", "{code}1 · 1")),
        (f"UPDATE dossier SET event_seq = 5 WHERE {_ROW}", ("chain", "event_seq", "{code}")),
        (f"UPDATE dossier SET event_hash = sha256('x') WHERE {_ROW}", ("chain", "event_hash", "{code}")),
        (f"UPDATE dossier SET status = 8 WHERE {_ROW}", ("dossier", "status", "{code}")),
        (f"UPDATE dossier SET agency_id = agency_id + 1 WHERE {_ROW}", ("dossier", "agency_id", "{code}")),
        (f"UPDATE dossier SET channel = 3 WHERE {_ROW}", ("dossier", "channel", "{code}")),
        (f"UPDATE dossier SET received_day = '2019-03-03' WHERE {_ROW}", ("dossier", "received_day", "{code}")),
        (f"UPDATE dossier SET due_day = NULL WHERE {_ROW}", ("dossier", "due_day", "{code}")),
        (f"UPDATE dossier SET late_day = '2019-03-09' WHERE {_ROW}", ("dossier", "late_day", "{code}")),
        (f"UPDATE dossier SET finished_day = '2019-03-05' WHERE {_ROW}", ("dossier", "finished_day", "{code}")),
        (f"UPDATE dossier SET finished_day = '4000-01-01 BC' WHERE {_ROW}", ("dossier", "finished_day", "{code}")),
        (f"UPDATE dossier SET accepted_at = '4000-01-01 00:00Z BC' WHERE {_ROW}", ("dossier", "accepted_at", "{code}")),
        (f"UPDATE dossier SET id = {-(2**63)} WHERE {_ROW}", ("chain", "number", f"#{-(2**63)}")),
        (f"UPDATE dossier_event SET dossier_id = {-(2**63)} WHERE {_ITS}", ("chain", "number", f"#{-(2**63)}")),
        (f"UPDATE dossier SET verdict = 1 WHERE {_ROW}", ("dossier", "verdict", "{code}")),
        (f"UPDATE dossier SET paused = true WHERE {_ROW}", ("dossier", "paused", "{code}")),
        (
            f"UPDATE dossier SET accepted_at = accepted_at - interval '1 day' WHERE {_ROW}",
            ("dossier", "accepted_at", "{code}"),
        ),
        (f"UPDATE dossier SET late_from = NULL WHERE {_ROW}", ("dossier", "late_from", "{code}")),
        (
            f"UPDATE dossier SET finished_at = finished_at + interval '1 day' WHERE {_ROW}",
            ("dossier", "finished_at", "{code}"),
        ),
    ],
)
async def test_a_changed_chain_or_dossier(ground: Ground, statement: str, named: tuple[str, str, str]) -> None:
    history = ground.histories[-1]
    await ground.plants(statement)
    check, what, where = named
    expected = (check, what, where.format(code=history.code, id=history.id))
    assert expected in {(d.check, d.what, d.where) for d in await differences(ground.database)}


async def test_an_event_with_a_chain_made_to_fit_is_found_by_the_counts(ground: Ground) -> None:
    """Whoever can rewrite a whole chain and its dossier leaves the counts behind."""
    history = ground.histories[-1]
    rewritten = a_dossier(*history.events)
    rewritten.code = history.code
    last = history.events[-1]
    rewritten.events[-1] = an_event(last.facts._replace(verdict=1), last.occurred_day)
    await ground.plants(f"DELETE FROM dossier_event WHERE {_ITS}")
    await ground.plants(f"DELETE FROM dossier WHERE {_ROW}")
    await write(ground.owner, [rewritten])
    await ground.plants(f"UPDATE dossier_event SET txid = '1' WHERE {_ITS}")
    found = await differences(ground.database)
    assert {d.check for d in found} == {"day", "checkpoint", "position"}, "its last event was the last one folded"
    assert any(d.where.endswith("resolved_early") and (d.expected, d.found) != (None, None) for d in found)


@pytest.mark.parametrize("day", ["4000-01-01 BC", "0001-01-01 BC", "-infinity", "infinity"])
@pytest.mark.parametrize(("table", "at"), [("count_day", "day"), ("count_checkpoint", "month")])
async def test_a_cell_of_a_day_that_no_calendar_has(ground: Ground, table: str, at: str, day: str) -> None:
    await ground.plants(
        f"UPDATE {table} SET {at} = '{day}' WHERE ctid = (SELECT ctid FROM {table} WHERE received > 0 LIMIT 1)"
    )
    assert {each.check for each in await differences(ground.database)} >= {"day" if at == "day" else "checkpoint"}
    await rebuild(ground.database.url, LAST, lambda _: None)
    assert await differences(ground.database), "what cannot be told is not put right, and stays named"


@pytest.mark.parametrize("metric", METRICS)
async def test_a_changed_cell_of_the_histogram(ground: Ground, metric: str) -> None:
    row = await ground.owner.fetchrow("SELECT * FROM count_day ORDER BY random() LIMIT 1")
    assert row is not None
    key = (row["agency_id"], row["day"], row["channel"])
    await ground.plants(
        f"UPDATE count_day SET {metric} = {metric} + 2 WHERE (agency_id, day, channel) = ($1, $2, $3)", *key
    )
    (difference,) = await differences(ground.database)
    assert (difference.check, difference.where.split(" · ")[1:4:2]) == ("day", [str(row["day"]), metric])
    assert f"(#{row['agency_id']})" in difference.where
    assert (difference.expected, difference.found) == (str(row[metric]), str(row[metric] + 2))


async def test_a_missing_cell_and_one_too_many(ground: Ground) -> None:
    row = await ground.owner.fetchrow("SELECT * FROM count_day WHERE received > 0 ORDER BY day LIMIT 1")
    assert row is not None
    await ground.plants(
        "DELETE FROM count_day WHERE (agency_id, day, channel) = ($1, $2, $3)",
        *(row["agency_id"], row["day"], row["channel"]),
    )
    await ground.plants(
        "INSERT INTO count_day (agency_id, day, channel, fell_late) VALUES ($1, '2031-01-01', 2, 7)", ground.agencies[1]
    )
    found = {
        (d.check, d.what, d.where.split(" · ")[1], d.expected, d.found) for d in await differences(ground.database)
    }
    assert ("day", "missing", str(row["day"]), str(row["received"]), None) in found
    assert ("day", "extra", "2031-01-01", "0", "7") in found
    assert {what for _, what, *_ in found} == {"missing", "extra"}


async def test_a_cell_of_nothing_is_no_difference(ground: Ground) -> None:
    """A correction leaves one behind, and no row is the same."""
    await ground.plants("INSERT INTO count_day (agency_id, day, channel) VALUES (1, '2030-01-01', 1)")
    assert await differences(ground.database) == []


async def test_a_wrong_checkpoint_a_missing_one_and_one_too_many(ground: Ground) -> None:
    month = date(2019, 4, 1)
    rows = await ground.owner.fetch(
        "SELECT * FROM count_checkpoint WHERE month = $1 AND agency_id <> 0 AND received > 0 ORDER BY 1, 3 LIMIT 2",
        month,
    )
    wrong, missing = ((row["agency_id"], month, row["channel"]) for row in rows)
    at = "(agency_id, month, channel) = ($1, $2, $3)"
    await ground.plants(f"UPDATE count_checkpoint SET resolved = resolved + 1 WHERE {at}", *wrong)
    await ground.plants(f"DELETE FROM count_checkpoint WHERE {at}", *missing)
    await ground.plants(
        "INSERT INTO count_checkpoint (agency_id, month, channel, received) VALUES (999, $1, 1, 3)", month
    )
    found = await differences(ground.database)
    assert {(d.check, d.what) for d in found} == {
        ("checkpoint", "cell"),
        ("checkpoint", "missing"),
        ("checkpoint", "extra"),
    }
    assert [d.where for d in found if d.what == "extra"] == ["? (#999) · 2019-04-01 · counter · received"]


@pytest.mark.parametrize("which", ["min", "max", "middle"])
async def test_a_missing_mark(ground: Ground, which: str) -> None:
    marked = [
        row[0] for row in await ground.owner.fetch("SELECT month FROM count_checkpoint WHERE agency_id = 0 ORDER BY 1")
    ]
    month = {"min": marked[0], "max": marked[-1], "middle": marked[len(marked) // 2]}[which]
    await ground.plants("DELETE FROM count_checkpoint WHERE agency_id = 0 AND month = $1", month)
    assert [d[:3] for d in await differences(ground.database)] == [("checkpoint", "mark", str(month))]


async def test_a_month_of_which_all_is_gone_between_two_that_are_there(ground: Ground) -> None:
    await ground.plants("DELETE FROM count_checkpoint WHERE month = '2019-03-01'")
    assert [d[:3] for d in await differences(ground.database)] == [("checkpoint", "mark", "2019-03-01")]


async def test_a_checkpoint_in_the_middle_of_a_month(ground: Ground) -> None:
    await ground.plants("UPDATE count_checkpoint SET month = '2019-03-15' WHERE month = '2019-06-01' AND agency_id = 0")
    assert {d[:3] for d in await differences(ground.database)} == {
        ("checkpoint", "odd_month", "2019-03-15"),
        ("checkpoint", "mark", "2019-06-01"),
    }


async def test_a_position_moved_back_to_an_earlier_event(ground: Ground) -> None:
    await ground.plants(
        "UPDATE stats_position SET (txid, event_id) ="
        " (SELECT txid, id FROM dossier_event ORDER BY txid, id OFFSET 100 LIMIT 1)"
    )
    found = await differences(ground.database)
    assert {d.check for d in found} == {"day", "checkpoint"}


async def test_a_position_moved_forward_over_events_that_nobody_counted(ground: Ground) -> None:
    rng = random.Random(8)
    await write(ground.owner, [a_history(rng, agencies=ground.agencies, versions=[1], first=FIRST, last=LAST)])
    assert await differences(ground.database) == []
    await ground.plants(
        "UPDATE stats_position SET (txid, event_id) ="
        " (SELECT txid, id FROM dossier_event ORDER BY txid DESC, id DESC LIMIT 1)"
    )
    found = await differences(ground.database)
    assert {d.check for d in found} == {"day", "checkpoint"}


@pytest.mark.parametrize(
    ("change", "what"), [("event_id = event_id - 1000000", "nowhere"), ("txid = '9223372036854775807'", "ahead")]
)
async def test_a_position_that_is_none(ground: Ground, change: str, what: str) -> None:
    await ground.plants(f"UPDATE stats_position SET {change}")
    found = await differences(ground.database)
    assert ("position", what, "stats_position") in {d[:3] for d in found}


async def test_counts_without_a_position(ground: Ground) -> None:
    await ground.plants("DELETE FROM stats_position")
    assert {d.what for d in await differences(ground.database)} >= {"extra"}


async def test_events_of_another_cluster(ground: Ground) -> None:
    """As a logical dump brings them: nobody would ever fold them."""
    await ground.plants(f"UPDATE dossier_event SET txid = '9223372036854775000' WHERE {_ITS} AND seq > 2")
    found = await differences(ground.database)
    assert Difference("position", "foreign", "dossier_event", "0", "2") in found


@pytest.fixture
async def written(fresh_database: Database, issuer: LocalIssuer) -> AsyncIterator[tuple[Ground, str]]:
    """A dossier as intake writes it, with a stop and its reason; and its code."""
    owner = await asyncpg.connect(fresh_database.owner_url)
    async with serving(intake_app(settings_for(fresh_database, issuer))) as intake:
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        dossier = await received(intake)
        await did(intake, dossier, "stop", reason="Thiếu giấy của ông Nguyễn Văn Sửu")
    yield Ground(fresh_database, owner, owner, [], []), dossier["code"]
    await owner.close()


@pytest.mark.parametrize("change", ["reason = 'Khác'", "reason = NULL", "detail = '{}'", "salt = 'x'"])
async def test_changed_words(written: tuple[Ground, str], change: str) -> None:
    ground, code = written
    assert await differences(ground.database) == []
    await ground.plants(f"UPDATE event_note SET {change}")
    assert [d[:3] for d in await differences(ground.database)] == [("note", "words", f"{code} · 2")]


async def test_words_of_no_event(written: tuple[Ground, str]) -> None:
    ground, code = written
    await ground.plants("UPDATE event_note SET seq = 7")
    assert [d[:4] for d in await differences(ground.database)] == [("note", "words", f"{code} · 7", None)]


async def test_erased_words_are_no_difference_and_are_told(written: tuple[Ground, str]) -> None:
    ground, _ = written
    await ground.plants("DELETE FROM event_note")
    status, printed = await motcua_verify(ground.database, "--format", "json")
    assert status == 0
    assert orjson.loads(printed)["seen"]["words_gone"] == 1


@pytest.mark.parametrize("change", ["original_due_at", "due_at"])
async def test_a_changed_date_that_an_event_says(written: tuple[Ground, str], change: str) -> None:
    ground, code = written
    await ground.plants(f"UPDATE dossier SET {change} = {change} + interval '1 hour'")
    assert [d[:3] for d in await differences(ground.database)] == [("dossier", change, code)]


@pytest.fixture
async def online(fresh_database: Database, issuer: LocalIssuer) -> AsyncIterator[tuple[Ground, str]]:
    """A submission that was accepted, finished and returned; and its code."""
    owner = await asyncpg.connect(fresh_database.owner_url)
    async with serving(intake_app(settings_for(fresh_database, issuer))) as intake:
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        dossier = await submitted(intake)
        accepted = await did(intake, dossier, "accept")
        await did(intake, accepted, "finish", outcome="granted")
        await did(intake, accepted, "return")
    yield Ground(fresh_database, owner, owner, [], []), accepted["code"]
    await owner.close()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ("code = 'H50-190101-9999'", "code"),
        ("version_id = (SELECT max(v.id) FROM procedure_version v WHERE v.id <> version_id)", "version_id"),
        ("case_no = case_no + 1", "case_no"),
        ("outcome = 2", "outcome"),
        ("outcome = NULL", "outcome"),
        ("returned_at = NULL", "returned_at"),
        ("returned_at = returned_at + interval '1 second'", "returned_at"),
        ("submitted_at = submitted_at - interval '1 second'", "submitted_at"),
        ("accepted_at = accepted_at - interval '1 microsecond'", "accepted_at"),
        ("finished_at = finished_at + interval '1 microsecond'", "finished_at"),
        ("late_from = late_from + interval '1 hour'", "late_from"),
    ],
)
async def test_a_changed_field_that_events_determine(online: tuple[Ground, str], change: str, field: str) -> None:
    ground, _ = online
    assert await differences(ground.database) == []
    await ground.plants(f"UPDATE dossier SET {change}")
    assert [d[:2] for d in await differences(ground.database)] == [("dossier", field)]


async def test_a_changed_procedure_after_a_correction(online: tuple[Ground, str], issuer: LocalIssuer) -> None:
    ground, code = online
    async with serving(intake_app(settings_for(ground.database, issuer))) as intake:
        intake.headers.update(bearer(issuer, "admin", PROVINCE))
        body = {"reason": "Nhập nhầm", "decision": "07/BB", "channel": "post"}
        answer = await intake.post(f"/v1/dossiers/{code}/corrections", json=body)
        assert answer.status_code == 200, answer.text
    assert await differences(ground.database) == []
    await ground.plants("UPDATE dossier SET version_id = version_id + 1")
    assert [d[:2] for d in await differences(ground.database)] == [("dossier", "version_id")]


# --- the command -----------------------------------------------------------------------------------------------------


async def test_the_command_prints_all_and_exits_1_and_shows_no_person(written: tuple[Ground, str]) -> None:
    ground, code = written
    await ground.plants("UPDATE event_note SET reason = 'Bà Trần Thị Dần'")
    await ground.plants("UPDATE dossier_event SET actor = 'Lê Văn Mão' WHERE seq = 2")
    status, printed = await motcua_verify(ground.database)
    assert status == 1
    assert "Chuỗi sự kiện" in printed
    assert "nội dung không khớp mã băm" in printed
    assert "lời ghi đã bị thay đổi" in printed
    assert printed.count(code) == 2
    for person in ("Sửu", "Dần", "Mão", "Đào"):
        assert person not in printed


async def test_a_long_list_is_complete(ground: Ground) -> None:
    await ground.plants(
        "INSERT INTO count_day (agency_id, day, channel, received) SELECT 1, '2030-01-01'::date + n, 1, 1"
        " FROM generate_series(1, 1234) n"
    )
    status, printed = await motcua_verify(ground.database)
    assert status == 1
    assert printed.count("thừa ô số đếm") == 1234
    status, printed = await motcua_verify(ground.database, "--format", "json")
    told = orjson.loads(printed)
    assert (status, len(told["differences"]), told["found"]) == (1, 1234, {"day": 1234})
    assert told["differences"][0].keys() == {"check", "what", "where", "expected", "found"}


async def test_wrong_use_exits_2(ground: Ground) -> None:
    assert (await motcua_verify(ground.database, "--format", "xml"))[0] == 2


async def test_a_database_that_is_not_prepared_is_no_difference(empty_database: Database) -> None:
    assert (await motcua_verify(empty_database))[0] == 2


async def test_a_login_that_is_not_the_owners_is_no_difference(ground: Ground) -> None:
    of_stats = Database(ground.database.url("motcua_stats"))
    status, _ = await motcua_verify(of_stats)
    assert status == 2


def test_every_check_has_a_name() -> None:
    of_intake = {"chain", "dossier", "note", "anchor", "access_chain"}
    assert of_intake | {"position", "day", "checkpoint", "edition", "edition_chain"} == set(NAMES)
    assert {"gap", "hash", "mark", "cell"} < set(WORDS)
