"""From the day on which a commune's identification code is entered to its dossier in the national database: the whole
system as an operator runs it, the portal as a process beside it, and nothing entered but through the doors."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.conftest import Running, await_running, eventually, start_up, stop
from tests.national.running import DSTCODE, MADONVI, PASSWORD, USERNAME, PortalProcess
from tests.support import REGISTER_COPY, WARD, a_draft


@pytest.fixture
def portal() -> Iterator[PortalProcess]:
    made = PortalProcess()
    yield made
    made.stop()


@pytest.fixture
def running(portal: PortalProcess, tmp_path: Path) -> Iterator[Running]:
    place = {
        f"MOTCUA_NATIONAL_{name.upper()}_URL": f"{portal.address}/{name}" for name in ("auth", "integration", "share")
    }
    process = start_up(
        tmp_path / "installation",
        "--replay",
        "none",
        **place,
        MOTCUA_NATIONAL_UNIT=MADONVI,
        MOTCUA_NATIONAL_DESTINATION=DSTCODE,
        MOTCUA_NATIONAL_USERNAME=USERNAME,
        MOTCUA_NATIONAL_PASSWORD=PASSWORD,
    )
    made = await_running(process, tmp_path / "installation")
    yield made
    stop(made)


def test_a_commune_is_told_once_its_code_is_entered(running: Running, portal: PortalProcess) -> None:
    entered = {"decision": "512/QĐ-UBND", "codes": [{"agency": WARD, "identification_code": "H50.142"}]}
    with (
        running.client("intake", "counter", WARD) as counter,
        running.client("intake", "supervisor", WARD) as supervisor,
        running.client("routing", "admin", "44") as admin,
    ):

        def received() -> str:
            return str(counter.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY)).json()["code"])

        def messages(**asked: str) -> list[dict[str, Any]]:
            return list(supervisor.get("/v1/national/messages", params=asked).json()["items"])

        early = {received()}
        eventually(lambda: bool(messages(state="blocked")), seconds=60)
        assert admin.post("/v1/identification-codes", json=entered).json() == {"changed": 1, "unchanged": 0}
        while not (told := received()).startswith("H50.142-"):  # the services read it while they serve
            early.add(told)
            time.sleep(0.5)
        eventually(lambda: {one["state"] for one in messages(code=told)} == {"taken"}, seconds=60)
        assert portal.stored(told)["MaHoSo"] == told
        assert portal.kinds_of(told)[0] == "new"
        # What was issued before keeps its code, and why it waits stays to be seen.
        eventually(lambda: {one["dossier"] for one in messages(state="blocked")} == early, seconds=60)
        for one in messages(state="blocked"):
            assert [(reason["field"], reason["code"]) for reason in one["reasons"]] == [("MaHoSo", "code_not_national")]
        assert [portal.stored(code) for code in early] == [None] * len(early)
