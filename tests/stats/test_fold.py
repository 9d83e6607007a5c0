"""The fold: whatever the history, the batches and the moment, the histogram is the straight recount."""

import random
from datetime import date

import asyncpg
import pytest

from shared.domain.counts import METRICS, Facts, contributions, moves
from stats_service.counts.rules import CALM_LOOKS, LOOK_SECONDS, LOOKS, MANY, checkpoints_until, worth_folding
from stats_service.counts.usecases import Folding, bring_checkpoints_up, fold_once
from tests.builders_log import DAY, History, a_dossier, a_history, an_event, fold_all, recount, write, write_events
from tests.emptying import empty

FIRST, LAST = date(2018, 11, 20), date(2019, 6, 30)
AGENCIES = [1, 2, 3, 4]


@pytest.fixture
async def owner(database):
    connection = await asyncpg.connect(database.owner_url)
    await empty(connection, "dossier", "dossier_event", "count_day", "count_checkpoint", "stats_position")
    yield connection
    await connection.close()


@pytest.fixture
async def stats(database):
    connection = await asyncpg.connect(database.url("motcua_stats"), server_settings={"jit": "off"})
    yield connection
    await connection.close()


def histories(seed: int, number: int) -> list[History]:
    rng = random.Random(seed)
    return [a_history(rng, agencies=AGENCIES, versions=[1, 2], first=FIRST, last=LAST) for _ in range(number)]


async def histogram(connection: asyncpg.Connection) -> dict[tuple[int, int, date, str], int]:
    rows = await connection.fetch("SELECT * FROM count_day")
    return {
        (row["agency_id"], row["channel"], row["day"], metric): row[metric]
        for row in rows
        for metric in METRICS
        if row[metric]
    }


async def wrong_checkpoints(connection: asyncpg.Connection) -> int:
    """How many (month, agency, channel) differ from the sum of the days before the month."""
    sums = ", ".join(f"coalesce(sum(d.{metric}), 0)::bigint" for metric in METRICS)
    stored = ", ".join(f"coalesce(c.{metric}, 0)" for metric in METRICS)
    groups = ", ".join(f"c.{metric}" for metric in METRICS)
    wrong: int = await connection.fetchval(
        "SELECT count(*) FROM ("
        "  SELECT FROM (SELECT month FROM count_checkpoint WHERE agency_id = 0) m"
        "  CROSS JOIN (SELECT DISTINCT agency_id, channel FROM count_day) k"
        "  LEFT JOIN count_checkpoint c USING (agency_id, month, channel)"
        "  LEFT JOIN count_day d ON d.agency_id = k.agency_id AND d.channel = k.channel AND d.day < m.month"
        f"  GROUP BY m.month, k.agency_id, k.channel, {groups} HAVING ({sums}) IS DISTINCT FROM ({stored})) wrong"
    )
    return wrong


@pytest.mark.parametrize("seed", range(8))
async def test_folded_in_any_batches_it_equals_the_straight_recount(owner, stats, seed):
    rng = random.Random(seed)
    written = histories(seed, 60)
    waiting = {history.code: list(history.events) for history in written}
    by_code = {history.code: history for history in written}
    while waiting:  # events of all dossiers interleaved, several of one dossier in one transaction, folds in between
        async with owner.transaction():
            for code in rng.sample(sorted(waiting), min(len(waiting), rng.randint(1, 12))):
                some = waiting[code][: rng.randint(1, 3)]
                await write_events(owner, by_code[code], some)
                del waiting[code][: len(some)]
                if not waiting[code]:
                    del waiting[code]
        if rng.random() < 0.6:
            await fold_once(stats, limit=rng.randint(1, 20))
        if rng.random() < 0.1:
            await bring_checkpoints_up(stats, LAST)
    await fold_all(stats, limit=lambda: rng.randint(1, 50))
    await bring_checkpoints_up(stats, LAST)
    assert await histogram(owner) == recount(written)
    assert await wrong_checkpoints(owner) == 0


async def test_the_events_of_a_transaction_that_began_earlier_and_commits_later_are_not_skipped(database, owner, stats):
    early, late, latest = histories(99, 3)
    slow = await asyncpg.connect(database.owner_url)
    transaction = slow.transaction()
    await transaction.start()
    await write(slow, [early])
    await write(owner, [late])
    while await fold_once(stats, limit=2):  # `late` is committed, but lies behind what is still open
        pass
    assert await histogram(owner) == {}
    await transaction.commit()
    await write(owner, [latest])
    await slow.close()
    await fold_all(stats, limit=lambda: 2)
    assert await histogram(owner) == recount([early, late, latest])


async def test_a_later_event_with_a_lower_transaction_id_counts_once(database, owner, stats):
    """Transaction ids say who began, not who came first: event 2 may stand before event 1 in the log."""
    history = a_dossier(
        an_event(Facts(1, 1, date(2019, 5, 6), date(2019, 5, 8), date(2019, 5, 9)), date(2019, 5, 6)),
        an_event(
            Facts(1, 2, date(2019, 5, 6), date(2019, 5, 8), date(2019, 5, 9), date(2019, 5, 10), 3), date(2019, 5, 10)
        ),
    )
    slow = await asyncpg.connect(database.owner_url)
    async with slow.transaction():
        await slow.fetchval("SELECT pg_current_xact_id()")
        await write_events(owner, history, history.events[:1])
        await write_events(slow, history, history.events[1:])
    await slow.close()
    assert await owner.fetchval(
        "SELECT (SELECT txid FROM dossier_event WHERE seq = 2) < (SELECT txid FROM dossier_event WHERE seq = 1)"
    )
    await fold_all(stats, limit=lambda: 1)
    assert await histogram(owner) == recount([history])


async def test_a_correction_of_the_agency_takes_the_pauses_along(owner, stats):
    received = date(2019, 3, 4)
    running = Facts(1, 1, received, received + DAY, received + 2 * DAY)
    waiting = running._replace(due_day=None, late_day=None, paused=True)
    history = a_dossier(
        an_event(running, received),
        an_event(waiting, received + DAY),
        an_event(waiting._replace(agency_id=2), received + 5 * DAY),
    )
    await write(owner, [history])
    await fold_all(stats, limit=lambda: 1)
    assert await histogram(owner) == {(2, 1, received, "received"): 1, (2, 1, received + DAY, "paused_net"): 1}


async def test_old_years_that_arrive_later_reach_the_checkpoints_that_exist(owner, stats):
    new = histories(1, 30)
    await write(owner, new)
    await fold_all(stats)
    await bring_checkpoints_up(stats, LAST)
    rng = random.Random(2)
    old = [
        a_history(rng, agencies=AGENCIES, versions=[1], first=date(2016, 1, 5), last=date(2017, 3, 1))
        for _ in range(30)
    ]
    await write(owner, old)
    await fold_all(stats, limit=lambda: 7)
    assert await wrong_checkpoints(owner) == 0
    made = await bring_checkpoints_up(stats, LAST)
    assert made >= 20
    assert await wrong_checkpoints(owner) == 0
    assert await histogram(owner) == recount([*old, *new])


async def test_the_consumer_folds_then_makes_checkpoints_then_rests(owner, stats):
    written = histories(5, 20)
    await write(owner, written)
    consumer = Folding()
    while await histogram(owner) == {}:
        assert await consumer(stats) is False  # less than a batch: no hurry for the next round
    assert await histogram(owner) == recount(written)
    for _ in range(CALM_LOOKS - 1):
        await consumer(stats)
    assert await owner.fetchval("SELECT count(*) FROM count_checkpoint") == 0, "an import may be between two chunks"
    await consumer(stats)
    assert await owner.fetchval("SELECT max(month) FROM count_checkpoint WHERE agency_id = 0") is not None
    assert await wrong_checkpoints(owner) == 0
    before = await owner.fetchval("SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE relname ~ '^count'")
    await consumer(stats)
    after = await owner.fetchval("SELECT sum(n_tup_ins + n_tup_upd) FROM pg_stat_user_tables WHERE relname ~ '^count'")
    assert before == after


async def until_folded(consumer: Folding, owner: asyncpg.Connection, stats: asyncpg.Connection) -> None:
    """Rounds of the consumer until it has nothing left to fold, and the calm after which it sees to checkpoints."""
    while await owner.fetchval(
        "SELECT EXISTS (SELECT FROM dossier_event e WHERE (e.txid, e.id) >"
        " (coalesce((SELECT txid FROM stats_position), '0'), coalesce((SELECT event_id FROM stats_position), 0)))"
    ):
        await consumer(stats)
    for _ in range(CALM_LOOKS):
        await consumer(stats)


async def test_years_that_arrive_later_get_their_checkpoints_from_the_consumer(owner, stats):
    consumer = Folding()
    new = histories(6, 10)
    await write(owner, new)
    await until_folded(consumer, owner, stats)
    before = await owner.fetchval("SELECT min(month) FROM count_checkpoint")
    rng = random.Random(6)
    old = [
        a_history(rng, agencies=AGENCIES, versions=[1], first=date(2012, 1, 5), last=date(2013, 3, 1)) for _ in range(5)
    ]
    await write(owner, old)
    await until_folded(consumer, owner, stats)
    assert before - await owner.fetchval("SELECT min(month) FROM count_checkpoint") > 365 * DAY
    assert await wrong_checkpoints(owner) == 0
    assert await histogram(owner) == recount([*new, *old])


async def test_with_nothing_to_do_it_writes_nothing(owner, stats):
    """A second of rounds leaves no trace in the write-ahead log. The server's own housekeeping may: then once more."""
    consumer = Folding()
    await write(owner, histories(7, 20))
    await until_folded(consumer, owner, stats)
    written = []
    for _ in range(10):
        begin = await owner.fetchval("SELECT pg_current_wal_insert_lsn()")
        for _ in range(round(1 / LOOK_SECONDS)):
            assert await consumer(stats) is False
        written.append(await owner.fetchval("SELECT pg_current_wal_insert_lsn() - $1::pg_lsn", begin))
        if not written[-1]:
            return
    pytest.fail(f"bytes in the write-ahead log in each idle second: {written}")


async def test_with_nothing_to_do_it_waits_for_no_lock(owner, stats):
    consumer = Folding()
    await write(owner, histories(8, 20))
    await until_folded(consumer, owner, stats)
    await stats.execute("SET lock_timeout = '1ms'")
    async with owner.transaction():
        await owner.execute("SELECT FROM stats_position FOR UPDATE")
        assert await consumer(stats) is False


@pytest.mark.parametrize(
    ("waiting", "look", "worth"),
    [
        (0, 1, False),
        (0, 1_000, False),
        (1, 1, False),
        (1, LOOKS - 1, False),
        (1, LOOKS, True),
        (MANY - 1, 1, False),
        (MANY, 1, True),
    ],
)
def test_many_events_are_folded_at_once_and_few_wait_for_company(waiting, look, worth):
    assert worth_folding(waiting, look) is worth


def test_the_sum_of_all_moves_is_what_the_last_facts_say():
    for history in histories(7, 300):
        found: dict[tuple[int, int, date, str], int] = {}
        before: Facts | None = None
        pauses: list[tuple[date, int]] = []
        for event in history.events:
            for agency, channel, day, metric, by in moves(before, event.facts, event.occurred_day, pauses):
                found[agency, channel, day, metric] = found.get((agency, channel, day, metric), 0) + by
            if event.facts.paused != (before is not None and before.paused):
                pauses.append((event.occurred_day, 1 if event.facts.paused else -1))
            before = event.facts
        assert {key: by for key, by in found.items() if by} == recount([history])
        assert {metric for _, metric in contributions(history.events[-1].facts)} <= set(METRICS)


def test_a_month_gets_its_checkpoint_when_it_begins():
    assert checkpoints_until(date(2019, 7, 24)) == date(2019, 7, 1)
    assert checkpoints_until(date(2019, 7, 1)) == date(2019, 7, 1)


@pytest.mark.parametrize("day", ["-infinity", "4000-01-01 BC", "0001-01-01", "infinity"])
async def test_one_wrong_day_neither_stops_the_fold_nor_makes_months_without_number(owner, stats, day):
    """Nobody can record such a day, but whoever changes the log may write one: counting goes on, and months begin in
    1990, before which no report asks."""
    await write(owner, histories(31, 20))
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(f"UPDATE dossier_event SET received_day = '{day}' WHERE dossier_id % 2 = 0")
    consumer = Folding()
    await until_folded(consumer, owner, stats)
    await bring_checkpoints_up(stats, LAST)
    assert await owner.fetchval("SELECT count(*) FROM count_checkpoint WHERE agency_id = 0") < 12 * 40
    assert await wrong_checkpoints(owner) == 0
    assert await owner.fetchval("SELECT sum(received) FROM count_day") == 20
