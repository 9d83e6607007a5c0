"""Of a dossier nothing is told before what happened before it, whoever queues it and in whatever order it is read."""

import pytest

from intake_service.national import usecases
from intake_service.national.usecases import queue_next
from shared.domain.civil_time import civil_day
from shared.reference.store import read_reference
from shared.web.clock import now
from tests.national.province import Province
from tests.support import a_finish

IN_ORDER = [("new", "2"), ("timeline", "2"), ("update", "9"), ("timeline", "9")]


def told(province: Province, code: str) -> list[tuple[str, str]]:
    return [(one["kind"], one["status"]) for one in province.portal.control("GET", "effects", dossier=code)]


async def resync(province: Province) -> int:
    today = civil_day(now()).isoformat()
    answer = await province.intake.post(
        "/v1/national/resyncs", json={"from": today, "to": today}, headers=province.headers
    )
    assert answer.status_code == 201, answer.text
    queued: int = answer.json()["queued"]
    return queued


async def test_a_period_told_once_more_overtakes_nothing_that_is_yet_to_be_queued(province: Province) -> None:
    """Else the last state goes first, and the first one over it."""
    code = await province.receive()
    await province.act(code, "finish", **a_finish(outcome="granted"))
    assert await resync(province) == 0
    await province.tell()
    assert told(province, code) == IN_ORDER
    assert await resync(province) > 0
    province.proof()


async def test_a_transaction_that_began_first_and_came_last_is_told_last(
    province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its number is lower: the log gives it out first, and the queue may end its round between the two."""
    code = await province.receive()
    await province.act(code, "finish", **a_finish(outcome="granted"))
    await province.owner.execute(
        "UPDATE dossier_event f SET txid = (e.txid::text::bigint - 1)::text::xid8 FROM dossier_event e"
        " WHERE e.dossier_id = f.dossier_id AND e.seq = 1 AND f.seq = 2"
        " AND f.dossier_id = (SELECT id FROM dossier WHERE code = $1)",
        code,
    )
    monkeypatch.setattr(usecases, "WINDOW", 1)
    reference = await read_reference(province.owner)
    while await queue_next(province.connection, None, now()):
        await province.teller.tell_next(province.connection, reference)
    await province.tell()
    assert told(province, code) == IN_ORDER
    assert await province.states() == {"taken": 4}
    province.proof()
