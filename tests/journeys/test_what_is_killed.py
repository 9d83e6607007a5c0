"""kill -9 of any process: what was acknowledged is there, and the system comes back by itself."""

import subprocess
import threading
import time
from pathlib import Path

import httpx

from tests.journeys.conftest import Running, await_running, eventually, start_up, stop
from tests.support import PROVINCE, WARD, a_draft


class _Writer(threading.Thread):
    """Receives dossiers for as long as it is told, and notes what was acknowledged."""

    def __init__(self, running: Running) -> None:
        super().__init__()
        self._client = running.client("intake", "counter", WARD)
        self._over = threading.Event()
        self.acknowledged: list[str] = []

    def run(self) -> None:
        number = 0
        while not self._over.is_set():
            number += 1
            for _ in range(200):  # the same request, with its key, until it is answered
                try:
                    answer = self._client.post(
                        "/v1/dossiers", json=a_draft(), headers={"Idempotency-Key": f"{self.name}-{number}"}
                    )
                except httpx.HTTPError:
                    time.sleep(0.05)
                    continue
                if answer.status_code == 201:
                    self.acknowledged.append(answer.json()["code"])
                    break
                assert answer.status_code in (500, 503), answer.text
                time.sleep(0.05)

    def finish(self) -> list[str]:
        self._over.set()
        self.join(60)
        return self.acknowledged


def _addresses(running: Running) -> list[str]:
    return [running.addresses.intake, running.addresses.routing, running.addresses.stats]


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _codes(running: Running) -> set[str]:
    found: set[str] = set()
    params = {"limit": "200", "agency": WARD}
    with running.client("intake", "leader", PROVINCE) as intake:
        while True:
            page = intake.get("/v1/dossiers", params=params).json()
            found |= {item["code"] for item in page["items"]}
            if page["next"] is None:
                return found
            params["cursor"] = page["next"]


def test_under_writers_each_process_is_killed_in_turn(running: Running) -> None:
    writers = [_Writer(running) for _ in range(3)]
    for writer in writers:
        writer.start()
    for victim in ("routing", "intake", "stats", "database"):
        time.sleep(1.5)
        running.kill(victim)
    time.sleep(4)
    eventually(lambda: all(_ready(address) for address in _addresses(running)), seconds=60)
    acknowledged = [code for writer in writers for code in writer.finish()]
    assert len(acknowledged) > 50
    assert len(set(acknowledged)) == len(acknowledged), "one request, one dossier"
    found = _codes(running)
    assert set(acknowledged) == found, "nothing acknowledged is lost, and nothing is there that nobody asked for"
    numbers = sorted(int(code.rsplit("-", 1)[1]) for code in found)
    assert numbers == list(range(1, len(numbers) + 1)), "gapless through all of it"
    # Routing learns of every one of them, however often it was away.
    with running.client("intake", "leader", PROVINCE) as intake:
        eventually(
            lambda: not intake.get("/v1/dossiers", params={"agency": WARD, "status": "accepted"}).json()["items"],
            seconds=30,
        )
    # And the counts are those of the dossiers.
    with running.client("stats", "leader", PROVINCE) as stats:
        day = "20" + "-".join(found.copy().pop().split("-")[1][n : n + 2] for n in (0, 2, 4))
        report = stats.get("/v1/reports/resolution", params={"agency": WARD, "from": day, "to": day}).json()
    assert report["total"]["received"] == len(found)


def test_the_launcher_is_killed(tmp_path: Path) -> None:
    running = await_running(start_up(tmp_path, "--replay", "none"), tmp_path)
    with running.client("intake", "counter", WARD) as intake:
        code = intake.post("/v1/dossiers", json=a_draft()).json()["code"]
    running.process.kill()
    running.process.communicate()
    again = await_running(_fresh(tmp_path), tmp_path)
    with again.client("intake", "counter", WARD) as intake:
        assert intake.get(f"/v1/dossiers/{code}").status_code == 200
    stop(again)


def _fresh(data_dir: Path) -> "subprocess.Popen[str]":
    (data_dir / "running.json").unlink()
    return start_up(data_dir, "--replay", "none")
