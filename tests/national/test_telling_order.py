"""Of a dossier nothing is told before what happened before it, whoever queues it and in whatever order it is read."""

import asyncio
from datetime import timedelta

import asyncpg
import httpx
import pytest

from intake_service.national import rules, store, usecases
from intake_service.national.client import NationalClient
from intake_service.national.rules import NEEDED
from intake_service.national.usecases import Teller, queue_next
from shared.domain.civil_time import civil_day
from shared.reference.store import read_reference
from shared.web.clock import now
from shared.web.keyring import Keyring
from tests.national.province import Province, for_all, place
from tests.support import IDENTITY_KEYS, a_finish

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


async def test_what_is_told_once_more_while_something_happens_goes_first(province: Province) -> None:
    """What happens after it began is queued when it is over: the log is read up to the oldest open transaction."""
    code = await province.receive()
    await province.tell()
    other = await for_all(province.database)
    async with other.transaction():
        later = now() + timedelta(seconds=2)
        dossier = await other.fetchval("SELECT id FROM dossier WHERE code = $1", code)
        assert await store.tell_these_once_more(other, [dossier], later) == [dossier]
        await store.make_ready(other, [dossier], later)
        await province.act(code, "finish", **a_finish(outcome="granted"))
        while await queue_next(province.connection, None, now()):
            pass
    await other.close()
    reference = await read_reference(province.owner)
    for _ in range(3):
        await province.teller.tell_next(province.connection, reference)
    await province.tell()
    assert told(province, code) == IN_ORDER
    assert await province.states() == {"taken": 5}


SLOW = 2.0


async def lines_first(province: Province, teller: Teller, code: str) -> None:
    """The dossier is there; its line is what is ready."""
    while await queue_next(province.connection, None, now()):
        pass
    await teller.tell_next(province.connection, await read_reference(province.owner))
    assert told(province, code) == [("new", "2")]


async def until_told(province: Province, teller: Teller, code: str, seconds: float) -> None:
    reference = await read_reference(province.owner)
    for _ in range(int(seconds / 0.1)):
        await teller.tell_next(province.connection, reference)
        await asyncio.sleep(0.1)
        if await province.states() == {"taken": 2}:
            return


@pytest.mark.parametrize("how", ["no answer in time", "whoever sent it is gone"])
async def test_what_may_still_be_worked_on_is_not_sent_again(
    province: Province, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line looked for too early is not there yet, and comes twice."""
    monkeypatch.setattr(rules, "backoff", lambda *_: timedelta(seconds=0.1))
    code = await province.receive()
    async with httpx.AsyncClient(timeout=httpx.Timeout(0.3)) as http:
        client = NationalClient(http, place(province.portal))
        teller = Teller(client, Keyring.of(IDENTITY_KEYS), NEEDED, in_flight=timedelta(seconds=SLOW + 2))
        await lines_first(province, teller, code)
        province.portal.fault("slow", seconds=SLOW, service="CapNhatTienDoHoSoMC")
        telling = asyncio.create_task(teller.tell_next(province.connection, await read_reference(province.owner)))
        if how == "no answer in time":
            await telling
        else:
            await asyncio.sleep(0.15)
            telling.cancel()
            with pytest.raises((asyncio.CancelledError, asyncpg.PostgresError, asyncpg.InterfaceError)):
                await telling
            await province.connection.close()
            province.connection = await for_all(province.database)
        await until_told(province, teller, code, SLOW + 6)
    await asyncio.sleep(SLOW)  # what was sent first is done by then
    assert told(province, code) == [("new", "2"), ("timeline", "2")]
    assert await province.states() == {"taken": 2}
    province.proof()
