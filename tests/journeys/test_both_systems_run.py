"""Until the cut-over both systems run: what goes on in the other one goes on here, in all three rooms."""

from typing import Any

import httpx

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from tests.intake.importing import NDJSON, a_record, ndjson
from tests.journeys.conftest import Running, eventually
from tests.support import PROVINCE, WARD

OPEN = {"finished_at": None, "returned_at": None, "outcome": None}


def imported(admin: httpx.Client, *records: dict[str, Any]) -> tuple[int, int, int, int]:
    answer = admin.post("/v1/imports", content=ndjson(records), headers={"Content-Type": NDJSON})
    assert answer.status_code == 201, answer.text
    run = answer.json()
    return run["created"], run["updated"], run["unchanged"], run["rejected"]


def test_a_dossier_goes_on_where_it_is_worked_on(running: Running) -> None:
    with (
        running.client("intake", "admin", PROVINCE) as admin,
        running.client("routing", "leader", WARD) as leader,
        running.client("stats", "leader", PROVINCE) as stats,
    ):
        assert imported(admin, a_record(1, **OPEN), a_record(2, **OPEN)) == (2, 0, 0, 0)
        here = {name: admin.get(f"/v1/dossiers/{name}").json()["code"] for name in ("MC-1", "MC-2")}
        for code in here.values():
            eventually(lambda: leader.get(f"/v1/cases/{code}").status_code == 200)  # noqa: B023 (called at once)
            eventually(lambda: admin.get(f"/v1/dossiers/{code}").json()["status"] == "in_process")  # noqa: B023
        assigned = leader.post(f"/v1/cases/{here['MC-2']}/assignments", json={"assignee": "an"})
        assert assigned.status_code == 201, assigned.text

        assert imported(admin, a_record(1), a_record(2)) == (0, 1, 0, 1)
        dossier = admin.get("/v1/dossiers/MC-1").json()
        assert (dossier["status"], dossier["verdict"]) == ("returned", "on_day")
        assert admin.get("/v1/dossiers/MC-2").json()["status"] == "in_process"
        assert [event["kind"] for event in admin.get("/v1/dossiers/MC-1/events").json()["items"]] == [
            *("accepted", "processing_started", "finished", "returned")
        ]
        asked = {"agency": PROVINCE, "from": "2019-03-01", "to": str(civil_day(now()))}

        def counted() -> tuple[int, int]:
            total = stats.get("/v1/reports/resolution", params=asked).json()["total"]
            return total["to_handle"], total["resolved"]

        eventually(lambda: counted() == (2, 1))
        case = leader.get(f"/v1/cases/{here['MC-1']}").json()
        assert (case["finished_at"], case["outcome"]) == (dossier["finished_at"], "granted"), "routing has the same end"
