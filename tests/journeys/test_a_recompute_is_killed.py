"""kill -9 of intake while it reckons dossiers anew: it goes on where it stood, and moves each once."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.journeys.conftest import Running, eventually
from tests.support import PROVINCE, REGISTER_COPY, a_draft

COUNT = 4_000


def _record(number: int) -> bytes:
    accepted = (now() - timedelta(minutes=2)).isoformat()
    record = {"legacy_code": f"K-{number}", **a_draft(procedure=REGISTER_COPY), "accepted_at": accepted}
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def test_killed_in_the_middle(running: Running) -> None:
    intake = running.client("intake", "admin", PROVINCE)
    content = b"".join(map(_record, range(COUNT)))
    run = intake.post("/v1/imports", content=content, headers={"Content-Type": "application/x-ndjson"}, timeout=120)
    assert run.json()["created"] == COUNT, run.text
    due = datetime.fromisoformat(intake.get("/v1/dossiers/K-1").json()["due_at"])
    operator = running.client("routing", "admin", PROVINCE)
    off = {"day": str(civil_day(due)), "kind": "holiday", "name_vi": "Nghỉ", "name_en": "Off", "source": "Công điện 1"}
    body = {"days": [off], "reason": "Bão", "decision": "1/QĐ"}
    number = operator.post("/v1/calendar/changes", json=body).json()["id"]

    def progress() -> dict[str, Any]:
        found: dict[str, Any] = operator.get(f"/v1/calendar/changes/{number}").json()["progress"]
        return found

    eventually(lambda: progress()["looked_at"] > 0)
    running.kill("intake")
    assert progress()["state"] in ("sweeping", "settling")
    eventually(lambda: progress()["state"] == "done", seconds=120)
    found = progress()
    assert (found["looked_at"], found["moved"], found["left"], found["unreckoned"]) == (COUNT, COUNT, 0, 0)
    for each in range(0, COUNT, 400):
        kinds = [event["kind"] for event in _events(intake, f"K-{each}")]
        assert kinds.count("rescheduled") == 1, kinds


def _events(intake: httpx.Client, code: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = intake.get(f"/v1/dossiers/{code}/events").json()["items"]
    return found
