"""A dossier through several hands, and a unit that ends, in real processes; killed and silent ones included."""

import os
import signal
from typing import Any

import httpx
import orjson

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.journeys.conftest import Running, eventually
from tests.support import JUSTICE, PROVINCE, REGISTER_COPY, WARD, a_draft

OTHER_WARD = "19351"
TODAY = civil_day(now()).isoformat()


def test_given_received_delegated_assigned_and_refused_while_intake_is_silent(running: Running) -> None:
    with (
        running.client("intake", "counter", WARD) as counter,
        running.client("routing", "handler", WARD) as ward,
        running.client("routing", "handler", JUSTICE) as officer,
        running.client("routing", "leader", JUSTICE) as leader,
    ):
        code = counter.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY)).json()["code"]
        eventually(lambda: ward.get(f"/v1/cases/{code}").status_code == 200)
        path = f"/v1/cases/{code}"
        assert ward.post(f"{path}/hand-overs", json={"to_agency": PROVINCE}).status_code == 201
        assert ward.post(f"{path}/hand-overs/1/recall").status_code == 200, "to the wrong one"
        assert ward.post(f"{path}/hand-overs", json={"to_agency": JUSTICE}).json()["seq"] == 3
        assert officer.post(f"{path}/hand-overs/3/receive").json()["answer"] == "received"
        refused = officer.post(f"{path}/assignments", json={"assignee": "an"})
        assert refused.status_code == 403
        given = {"delegate": f"handler@{JUSTICE}", "from": TODAY, "to": TODAY}
        assert leader.post("/v1/delegations", json=given).status_code == 201
        assert officer.post(f"{path}/assignments", json={"assignee": "an"}).json()["delegator"] == f"leader@{JUSTICE}"
        intake = running.pid_of("intake")
        os.kill(intake, signal.SIGSTOP)
        try:
            item = {"action": "finish", "code": code, "outcome": "refused", "reason": "Không đủ điều kiện"}
            done = officer.post("/v1/cases/bulk-actions", json={"items": [item]}).json()
            assert done["items"][0]["result"] == "done"
        finally:
            os.kill(intake, signal.SIGCONT)
        eventually(lambda: bool(officer.get(path).json()["told"]), seconds=40)
        dossier = counter.get(f"/v1/dossiers/{code}").json()
        assert (dossier["status"], dossier["outcome"], dossier["holder"]) == ("finished", "refused", JUSTICE)


def test_a_reorganisation_survives_kill_9(running: Running) -> None:
    count = 1500
    record = {**a_draft(procedure=REGISTER_COPY, agency=OTHER_WARD), "accepted_at": "2026-11-16T08:00:00+07:00"}
    records = ({**record, "legacy_code": f"R-{number}"} for number in range(count))
    body = b"".join(orjson.dumps(each, option=orjson.OPT_APPEND_NEWLINE) for each in records)
    plan: dict[str, Any] = {
        "name": "Sắp xếp",
        "decision_number": "1/NQ",
        "reason": "Sáp nhập",
        "effective_day": TODAY,
        "rules": [{"from": OTHER_WARD, "to": [{"agency": WARD}]}],
        "beyond_succession": "Điều chỉnh việc",
    }
    with running.client("intake", "admin", PROVINCE) as intake, running.client("routing", "admin", PROVINCE) as admin:
        sent = intake.post("/v1/imports", content=body, headers={"Content-Type": "application/x-ndjson"}).json()
        assert sent["created"] == count

        def seen() -> int:
            looked: int = admin.post("/v1/reorganisations", json={**plan, "dry_run": True}).json()["looked_at"]
            return looked

        eventually(lambda: seen() == count, seconds=60)
        number = admin.post("/v1/reorganisations", json=plan).json()["id"]
        eventually(lambda: admin.get(f"/v1/reorganisations/{number}").json()["looked_at"] > 0)
        running.kill("routing")

        def over() -> bool:
            try:
                state = admin.get(f"/v1/reorganisations/{number}").json()["state"]
            except (OSError, ValueError, KeyError, httpx.HTTPError):
                return False
            return bool(state == "finished")

        eventually(over, seconds=60)
        done = admin.get(f"/v1/reorganisations/{number}").json()
        assert (done["looked_at"], done["moved"], done["left_over"]) == (count, count, 0)
        assert seen() == 0
        for legacy in ("R-0", f"R-{count // 2}", f"R-{count - 1}"):
            log = admin.get(f"/v1/cases/{legacy}/hand-overs").json()["items"]
            assert [(step["kind"], step["to_agency"]) for step in log] == [("reorganisation", WARD)]
