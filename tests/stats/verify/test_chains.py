"""A changed event, chain or dossier is found and named."""

import pytest

from tests.builders_log import a_dossier, an_event, write
from tests.stats.verify.grounds import ITS, ROW, Ground, differences


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
    await ground.plants(f"UPDATE dossier_event SET {change} WHERE {ITS} AND seq = {seq}")
    found = await differences(ground.database)
    named = {(d.check, d.what, d.where) for d in found}
    assert ("chain", "hash", f"{code} · {seq}") in named
    assert all(code in d.where for d in found if d.check in ("chain", "dossier"))


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (f"DELETE FROM dossier_event WHERE {ITS} AND seq = 1", ("chain", "gap", "{code} · 2")),
        (f"DELETE FROM dossier_event WHERE {ITS} AND seq = 2", ("chain", "gap", "{code} · 3")),
        (f"DELETE FROM dossier_event WHERE {ITS} AND seq = 4", ("chain", "event_seq", "{code}")),
        (f"DELETE FROM dossier_event WHERE {ITS}", ("chain", "eventless", "{code}")),
        (f"DELETE FROM dossier WHERE {ROW}", ("chain", "dossierless", "#{id} · 1")),
        (
            "UPDATE dossier_event e SET hash = o.hash FROM dossier_event o WHERE e.dossier_id = o.dossier_id"
            f" AND e.{ITS} AND (e.seq, o.seq) IN ((2, 3), (3, 2))",
            ("chain", "hash", "{code} · 2"),
        ),
        (
            "INSERT INTO dossier_event (dossier_id, seq, kind, status, occurred_at, recorded_at, actor,"
            " acting_agency_id, agency_id, channel, received_day, paused, payload, hash)"
            " SELECT dossier_id, 5, kind, status, occurred_at, recorded_at, actor, acting_agency_id, agency_id,"
            f" channel, received_day, paused, payload, hash FROM dossier_event WHERE {ITS} AND seq = 4",
            ("chain", "event_seq", "{code}"),
        ),
        (f"UPDATE dossier SET code = code || '1' WHERE {ROW}", ("chain", "hash", "{code}1 · 1")),
        (f"UPDATE dossier SET event_seq = 5 WHERE {ROW}", ("chain", "event_seq", "{code}")),
        (f"UPDATE dossier SET event_hash = sha256('x') WHERE {ROW}", ("chain", "event_hash", "{code}")),
        (f"UPDATE dossier SET status = 8 WHERE {ROW}", ("dossier", "status", "{code}")),
        (f"UPDATE dossier SET agency_id = agency_id + 1 WHERE {ROW}", ("dossier", "agency_id", "{code}")),
        (f"UPDATE dossier SET channel = 3 WHERE {ROW}", ("dossier", "channel", "{code}")),
        (f"UPDATE dossier SET received_day = '2019-03-03' WHERE {ROW}", ("dossier", "received_day", "{code}")),
        (f"UPDATE dossier SET due_day = NULL WHERE {ROW}", ("dossier", "due_day", "{code}")),
        (f"UPDATE dossier SET late_day = '2019-03-09' WHERE {ROW}", ("dossier", "late_day", "{code}")),
        (f"UPDATE dossier SET finished_day = '2019-03-05' WHERE {ROW}", ("dossier", "finished_day", "{code}")),
        (f"UPDATE dossier SET finished_day = '4000-01-01 BC' WHERE {ROW}", ("dossier", "finished_day", "{code}")),
        (f"UPDATE dossier SET accepted_at = '4000-01-01 00:00Z BC' WHERE {ROW}", ("dossier", "accepted_at", "{code}")),
        (f"UPDATE dossier SET id = {-(2**63)} WHERE {ROW}", ("chain", "number", f"#{-(2**63)}")),
        (f"UPDATE dossier_event SET dossier_id = {-(2**63)} WHERE {ITS}", ("chain", "number", f"#{-(2**63)}")),
        (f"UPDATE dossier SET verdict = 1 WHERE {ROW}", ("dossier", "verdict", "{code}")),
        (f"UPDATE dossier SET paused = true WHERE {ROW}", ("dossier", "paused", "{code}")),
        (
            f"UPDATE dossier SET accepted_at = accepted_at - interval '1 day' WHERE {ROW}",
            ("dossier", "accepted_at", "{code}"),
        ),
        (f"UPDATE dossier SET late_from = NULL WHERE {ROW}", ("dossier", "late_from", "{code}")),
        (
            f"UPDATE dossier SET finished_at = finished_at + interval '1 day' WHERE {ROW}",
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
    await ground.plants(f"DELETE FROM dossier_event WHERE {ITS}")
    await ground.plants(f"DELETE FROM dossier WHERE {ROW}")
    await write(ground.owner, [rewritten])
    await ground.plants(f"UPDATE dossier_event SET txid = '1' WHERE {ITS}")
    found = await differences(ground.database)
    assert {d.check for d in found} == {"day", "checkpoint", "position"}, "its last event was the last one folded"
    assert any(d.where.endswith("resolved_early") and (d.expected, d.found) != (None, None) for d in found)
