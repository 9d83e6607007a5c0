"""The recompute of open dossiers after a day off was announced, and the preview of it.

The dossiers come in through the import, so their histories are the engine's; every tenth was completed by its applicant
meanwhile. The day off lies in the term of each.
"""

import asyncio
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import httpx
import orjson

from bench.figures import Figure, Goal
from bench.ground import Ground, connected, psql
from bench.receiving import principal_at
from intake_service.recompute.usecases import Recompute
from routing_service.calendar_changes import usecases as changes
from shared.contracts.calendar_changes import CalendarChangeIn
from shared.domain.agencies import Level
from shared.domain.civil_time import civil_day, midnight
from shared.domain.lifecycle import Channel
from shared.domain.terms import TermUnit
from shared.reference import Reference, ReferenceKeeper
from shared.web.auth import Role
from shared.web.clock import now
from shared.web.database import Reading, Writing

NAME = "bench_recompute"
_PROVINCE = "44"
_LONG = 10


def measure(ground: Ground) -> list[Figure]:
    """Seconds of a recompute, and of its preview."""
    count = ground.scale.open_dossiers
    url = ground.database(NAME)
    file = ground.directory / "open.ndjson"
    asyncio.run(_written(url, file, count))
    with ground.serving(url, "intake", idle=("intake",)) as (intake,):
        headers = {
            "Authorization": f"Bearer {ground.token('admin', _PROVINCE)}",
            "Content-Type": "application/x-ndjson",
        }
        answer = httpx.post(f"{intake.address}/v1/imports", headers=headers, content=file.read_bytes(), timeout=600)
        if answer.raise_for_status().json()["created"] != count:
            raise RuntimeError(f"Not every record landed: {answer.text}")
    psql(url, "VACUUM (ANALYZE)")
    preview, recompute = asyncio.run(_measured(url, count))
    ground.drop(NAME)
    return [
        Figure(
            f"recompute of {count:,} open dossiers",
            recompute,
            "s",
            preview,
            "reckoning alone, with nothing written: the preview",
            recompute / preview,
            Goal("ours", "≤", 20),
            f"{count / recompute:,.0f}/s, one process; an event, its hash and the row of each",
        )
    ]


async def _written(url: str, file: Path, count: int) -> None:
    async with asyncpg.create_pool(url, min_size=1, max_size=1) as pool:
        keeper = ReferenceKeeper(pool.acquire)
        await keeper.refresh()
        reference = keeper.current
    with file.open("wb") as target:
        target.writelines(_records(reference, count))


def _records(reference: Reference, count: int) -> Iterator[bytes]:
    """Dossiers of procedures with long terms at the communes, accepted on the last worked days."""
    today = civil_day(now())
    procedures = [
        code
        for code in reference.procedures
        if (version := reference.procedure_on(code, today)) is not None
        and version.offered_at(Level.COMMUNE, today)
        and (term := version.terms.get(Channel.COUNTER)) is not None
        and (term.unit, term.value >= _LONG) == (TermUnit.WORKING_DAY, True)
    ]
    communes = [unit.code for unit in reference.agencies.in_force(today) if unit.level is Level.COMMUNE]
    begun = midnight(_worked_before(reference, today, 2)) + timedelta(hours=8)
    for n in range(count):
        accepted = begun + timedelta(seconds=n % 20_000)
        record = {
            "legacy_code": f"O-{n}",
            "procedure": procedures[n % len(procedures)],
            "agency": communes[n % len(communes)],
            "channel": "counter",
            "applicant": {"kind": "person", "name": f"Nguyễn Thị Đào {n}"},
            "accepted_at": accepted,
        }
        if n % 10 == 0:
            asked = accepted + timedelta(minutes=30)
            record["supplements"] = [{"requested_at": asked, "answered_at": asked + timedelta(minutes=30)}]
        yield orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _worked_before(reference: Reference, day: date, count: int) -> date:
    worked = [each for n in range(1, 30) if reference.calendar.is_working(each := day - timedelta(days=n))]
    return worked[count - 1]


async def _measured(url: str, count: int) -> tuple[float, float]:
    """Seconds of the preview and of the sweep."""
    async with asyncpg.create_pool(url, min_size=2, max_size=4, server_settings={"jit": "off"}) as pool:
        keeper = ReferenceKeeper(pool.acquire)
        await keeper.refresh()
        reference = keeper.current
        off = reference.calendar.add_working_days(civil_day(now()), 3)
        asked = CalendarChangeIn.model_validate(
            {
                "days": [{"day": off, "kind": "holiday", "name_vi": "Nghỉ", "name_en": "Off", "source": "bench"}],
                "reason": "bench",
                "decision": "1/QĐ",
            }
        )
        admin = principal_at(reference, _PROVINCE, Role.ADMIN)
        async with pool.acquire() as connection:
            began = time.perf_counter()
            tally, complete = await changes.preview(
                Reading(connection), reference, admin, asked.days, examples=0, now=now(), patience=600
            )
            preview = time.perf_counter() - began
            if (tally.whole.moved, complete) != (count, True):
                raise RuntimeError(f"{tally.whole.moved} of {count} would move")
            async with connection.transaction():
                await changes.change(Writing(connection), reference, admin, asked, None, now())
            work = Recompute(keeper)
            began = time.perf_counter()
            while await work(connection):
                pass
            recompute = time.perf_counter() - began
    async with connected(url) as connection:
        moved = await connection.fetchval("SELECT count(*) FROM dossier_event WHERE kind = 'rescheduled'")
    if moved != count:
        raise RuntimeError(f"{moved} of {count} were moved")
    return preview, recompute
