"""Telling the national database of a backlog, one worker, against the double of its portal (docs/national-portal.md).

The dossiers are those of the half-year, whole lives: each event is an item of DongBoHoSoMC and a line of its course.
The reference is the same portal, sent messages in the same batches by a caller that reads no database and notes
nothing: what the portal takes at most. All of them share the machine's processors.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bench.figures import Figure, Goal
from bench.ground import Ground, connected, psql, stop
from bench.processes import cpu_seconds, megabytes, peak_megabytes
from intake_service.national.client import NationalClient, http_for_it
from intake_service.national.rules import BATCH, ITEM, PROGRESS
from intake_service.national.usecases import CALLS
from services.demo import half_year
from shared.domain.civil_time import local
from shared.web.clock import now
from shared.web.settings import NationalPlace

NAME = "bench_national"
#: No identification codes of the province's agencies are known: these are the bench's.
_IDENTIFIED = "UPDATE agency SET identification_code = format('000.%s.%s.H50', 10 + id / 90, 10 + id % 90)"
_WARM = 0.1
_REFERENCE_CALLS = 400
_UNIT, _DESTINATION, _USER, _PASSWORD = "000.00.00.H50", "VN:GOV:000.00.00.G22:vpcpdvcqg", "quangtri", "mật khẩu thử"


@dataclass(frozen=True, slots=True)
class Portal:
    """The double, as a process of its own."""

    address: str

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """What a control of it answers."""
        answer = httpx.request(method, f"{self.address}/_control/{path}", json=body, timeout=300)
        return answer.raise_for_status().json()

    @property
    def place(self) -> NationalPlace:
        """Where it is, and who asks."""
        to = self.address
        urls = (f"{to}/auth", f"{to}/integration", f"{to}/share")
        return NationalPlace(*urls, _UNIT, _DESTINATION, 100_000_000, _USER, _PASSWORD)

    @property
    def settings(self) -> dict[str, str]:
        """The same for an installation."""
        place = self.place
        return {
            "MOTCUA_NATIONAL_AUTH_URL": place.auth_url,
            "MOTCUA_NATIONAL_INTEGRATION_URL": place.integration_url,
            "MOTCUA_NATIONAL_SHARE_URL": place.share_url,
            "MOTCUA_NATIONAL_UNIT": place.unit,
            "MOTCUA_NATIONAL_DESTINATION": place.destination,
            "MOTCUA_NATIONAL_USERNAME": place.username,
            "MOTCUA_NATIONAL_PASSWORD": place.password,
            "MOTCUA_NATIONAL_CALLS_PER_MINUTE": str(place.calls_per_minute),
        }


@contextmanager
def _portal(directory: Path) -> Iterator[Portal]:
    command = [sys.executable, "-m", "tests.national_portal", "--port", "0", "--with-caller"]
    with open(directory / "portal.log", "ab") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        yield Portal(json.loads(process.stdout.readline())["address"])
    finally:
        stop([process])


def measure(ground: Ground) -> list[Figure]:
    """Dossiers a second, memory, and how soon all is in step after an outage."""
    totals = half_year.LETTER.scaled(ground.scale.national_divisor)
    file = ground.directory / "national.ndjson"
    with file.open("wb") as target:
        target.writelines(half_year.ndjson(totals=totals))
    url = ground.database(NAME)
    psql(url, _IDENTIFIED)
    _imported(ground, url, file, totals.count)
    with _portal(ground.directory) as portal:
        told = _told(ground, url, portal, totals.count)
        portal.control("POST", "reset")
        reference = asyncio.run(_bare(portal))
        portal.control("POST", "reset")
        outage = _outage(ground, url, portal, totals.count)
    ground.drop(NAME)
    rate = totals.count / told["seconds"]
    return [
        Figure(
            "national",
            rate,
            "dossiers/s",
            reference,
            "messages/s that the portal takes from a caller without a database",
            told["messages"] / told["seconds"] / reference,
            Goal("ours", "≥", 200),
            f"{totals.count:,} dossiers with {told['messages']:,.0f} messages told by one worker, "
            f"{told['messages'] / told['seconds']:,.0f} messages/s, none twice, none out of order; of its time intake "
            f"used {told['cpu'] / told['seconds']:.0%} of a processor",
        ),
        Figure(
            "national, memory that grows",
            told["peak"] - told["warm"],
            "MB",
            goal=Goal("ours", "≤", 20),
            note=f"VmHWM of the intake process at the end less at the first tenth ({told['warm']:.0f} MB)",
        ),
        Figure(
            "national, in step after an outage",
            outage["seconds"],
            "s",
            note=f"{outage['waiting']:,.0f} messages waited, {outage['tried']:,.0f} of them had been tried; "
            f"{outage['messages'] / outage['seconds']:,.0f}/s from the first answer on, none dead, twice or out of "
            "order",
        ),
    ]


def _imported(ground: Ground, url: str, file: Path, count: int) -> None:
    with ground.serving(url, "intake", idle=("intake",)) as (intake,):
        answer = httpx.post(
            f"{intake.address}/v1/imports",  # of what is said to be made up nothing would be told
            headers={
                "Authorization": f"Bearer {ground.token('admin', '44')}",
                "Content-Type": "application/x-ndjson",
            },
            content=file.read_bytes(),
            timeout=600,
        )
        if answer.raise_for_status().json()["created"] != count:
            raise RuntimeError(f"Not every record landed: {answer.text}")
    psql(url, "VACUUM (ANALYZE)")


def _told(ground: Ground, url: str, portal: Portal, count: int) -> dict[str, float]:
    with ground.serving(url, "intake", settings=portal.settings) as (intake,):
        began, warm, cpu = now(), 0.0, cpu_seconds(intake.pid)
        with ground.progress("national: telling", None) as done:
            while True:
                taken, left = _counted_now_and_then(url)
                done(taken)
                if not warm and taken > left * _WARM:
                    warm = peak_megabytes(intake.pid)
                if taken and not left:
                    break
        seconds = (asyncio.run(_settled(url))[1] - began).total_seconds()
        peak, cpu = peak_megabytes(intake.pid), cpu_seconds(intake.pid) - cpu
    _proven(portal, count)
    return {
        "seconds": seconds,
        "messages": float(taken),
        "warm": warm or megabytes(intake.pid),
        "peak": peak,
        "cpu": cpu,
    }


def _outage(ground: Ground, url: str, portal: Portal, count: int) -> dict[str, float]:
    """The portal is away while all is queued and tried; then it is back."""
    portal.control("POST", "faults", {"kind": "down"})
    psql(url, "TRUNCATE national_message", "DELETE FROM intake_position WHERE consumer = 'national'")
    with ground.serving(url, "intake", settings=portal.settings):
        ground.say("national: the portal is down")
        time.sleep(2 * ground.scale.seconds)
        waiting, tried = asyncio.run(_waiting(url))
        portal.control("DELETE", "faults")
        began = now()
        while _counted_now_and_then(url)[1]:
            pass
    answered, ended = asyncio.run(_settled(url))
    taken, _ = asyncio.run(_counted(url))
    _proven(portal, count)
    ground.say(f"national: {(answered - began).total_seconds():.0f} s until the first answer")
    return {
        "seconds": (ended - answered).total_seconds(),
        "messages": float(taken),
        "waiting": float(waiting),
        "tried": float(tried),
    }


def _proven(portal: Portal, count: int) -> None:
    proof = portal.control("GET", "proof")
    if (proof["dossiers"], proof["out_of_order"], proof["twice"]) != (count, [], []):
        raise RuntimeError(f"The portal has {proof['dossiers']} of {count}: {str(proof)[:600]}")


def _counted_now_and_then(url: str) -> tuple[int, int]:
    """Both, and a rest: to look costs more the more there is, and is to take a twentieth of the time."""
    began = time.perf_counter()
    found = asyncio.run(_counted(url))
    time.sleep(max(0.1, 20 * (time.perf_counter() - began)))
    return found


async def _counted(url: str) -> tuple[int, int]:
    """Messages that are taken, and those that are not; what is stuck ends the run. Events not queued yet count too."""
    async with connected(url) as connection:
        rows = await connection.fetch("SELECT state, count(*) FROM national_message GROUP BY state")
        states = {row[0]: row[1] for row in rows}
        if stuck := {state: n for state, n in states.items() if state in ("blocked", "dead")}:
            why = await connection.fetch(
                "SELECT answer_code, answer, reasons::text FROM national_message"
                " WHERE state IN ('blocked', 'dead') LIMIT 3"
            )
            raise RuntimeError(f"Stuck: {stuck} {[tuple(row) for row in why]}")
        unqueued = await connection.fetchval(
            "SELECT count(*) FROM dossier_event e LEFT JOIN intake_position p ON p.consumer = 'national'"
            " WHERE p.txid IS NULL OR (e.txid, e.id) > (p.txid, p.event_id)"
        )
    return states.get("taken", 0), states.get("waiting", 0) + unqueued


async def _settled(url: str) -> tuple[datetime, datetime]:
    """When the first message was taken, and the last."""
    async with connected(url) as connection:
        row = await connection.fetchrow("SELECT min(settled_at), max(settled_at) FROM national_message")
        assert row is not None
        return row[0], row[1]


async def _waiting(url: str) -> tuple[int, int]:
    async with connected(url) as connection:
        row = await connection.fetchrow("SELECT count(*), count(*) FILTER (WHERE attempts > 0) FROM national_message")
        assert row is not None
        return row[0], row[1]


async def _bare(portal: Portal) -> float:
    """Messages a second that the portal takes, as many calls under way at once as ours has."""
    at = now()

    def item(n: int) -> dict[str, str]:
        day = local(at - timedelta(days=1))
        return {
            "MaHoSo": f"000.10.10.H50-{day:%y%m%d}-{n:04d}",
            "MaTTHC": "1.001193",
            "TenTTHC": "Thủ tục đăng ký khai sinh",
            "KenhThucHien": "1",
            "ChuHoSo": f"Nguyễn Thị Đào {n}",
            "LoaiDoiTuong": "1",
            "NgayNopHoSo": f"{day:%Y%m%d%H%M%S}",
            "NgayTiepNhan": f"{day:%Y%m%d%H%M%S}",
            "NgayHenTra": f"{local(at):%Y%m%d%H%M%S}",
            "TrangThaiHoSo": "2",
            "DonViXuLy": "Ủy ban nhân dân xã",
        }

    def line(n: int) -> dict[str, str]:
        told = item(n)
        return {
            "MaHoSo": told["MaHoSo"],
            "NguoiXuLy": "lan",
            "ThoiDiemXuLy": told["NgayTiepNhan"],
            "NoiDungXuLy": "Đã tiếp nhận",
            "TrangThai": "2",
        }

    async with http_for_it() as http:
        client = NationalClient(http, portal.place)
        numbers = iter(range(_REFERENCE_CALLS))

        async def caller() -> None:
            for call in numbers:
                these = range(call * BATCH, (call + 1) * BATCH)
                answers = (
                    await client.integrate(ITEM, isUpdating="False", data=[item(n) for n in these]),
                    await client.integrate(PROGRESS, data=[line(n) for n in these]),
                )
                if not all(answer.done for answer in answers):
                    raise RuntimeError(f"The portal refuses: {answers}")

        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(CALLS):
                group.create_task(caller())
        return 2 * _REFERENCE_CALLS * BATCH / (time.perf_counter() - began)
