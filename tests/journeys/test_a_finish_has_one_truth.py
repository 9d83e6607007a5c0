"""Two doors to a finish, the one-stop's and the holder's, in real processes: whoever comes first, both say the same."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import orjson

from tests.journeys.conftest import Running, eventually
from tests.support import PROVINCE, REGISTER_COPY, WARD, a_draft, a_finish


def _received(running: Running) -> str:
    with running.client("intake", "counter", WARD) as counter:
        code: str = counter.post("/v1/dossiers", json=a_draft(procedure=REGISTER_COPY)).json()["code"]
        return code


def _with_its_case(running: Running) -> str:
    code = _received(running)
    with running.client("routing", "handler", WARD) as handler:
        eventually(lambda: handler.get(f"/v1/cases/{code}").status_code == 200)
    return code


def _both(running: Running, code: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The dossier and the case, which must agree."""
    with running.client("intake", "counter", WARD) as counter, running.client("routing", "handler", WARD) as handler:
        dossier, case = counter.get(f"/v1/dossiers/{code}").json(), handler.get(f"/v1/cases/{code}").json()
    same = ("status", "outcome", "finished_at")
    assert [case[name] for name in same] == [dossier[name] for name in same]
    return dossier, case


def _finish(running: Running, room: str, role: str, path: str, **body: str) -> httpx.Response:
    with running.client(room, role, WARD) as client:
        return client.post(path, json=a_finish(**body))


def _at_the_counter(running: Running, code: str, **body: str) -> httpx.Response:
    return _finish(running, "intake", "counter", f"/v1/dossiers/{code}/finish", **body)


def _by_the_holder(running: Running, code: str, **body: str) -> httpx.Response:
    return _finish(running, "routing", "handler", f"/v1/cases/{code}/finish", **body)


def test_at_the_counter_first(running: Running) -> None:
    code = _with_its_case(running)
    assert _at_the_counter(running, code, outcome="refused").status_code == 200
    dossier, case = _both(running, code)
    assert (case["outcome"], case["finished_by"], case["told"]) == ("refused", f"counter@{WARD}", True)
    again = _by_the_holder(running, code, outcome="refused", occurred_at=dossier["finished_at"])
    assert (again.status_code, again.json()) == (200, case)
    contradicted = _by_the_holder(running, code)
    assert (contradicted.status_code, contradicted.json()["code"]) == (409, "not_allowed_in_status")
    with running.client("intake", "counter", WARD) as counter:
        assert counter.post(f"/v1/dossiers/{code}/return", json={}).status_code == 200
    assert _both(running, code)[1]["status"] == "returned"


def test_by_the_holder_first(running: Running) -> None:
    code = _with_its_case(running)
    assert _by_the_holder(running, code).status_code == 200
    dossier, case = _both(running, code)
    assert (dossier["outcome"], case["finished_by"]) == ("granted", f"handler@{WARD}")
    assert _at_the_counter(running, code, outcome="refused").status_code == 409
    assert _both(running, code) == (dossier, case)


def test_both_at_once(running: Running) -> None:
    with ThreadPoolExecutor(2) as desks:
        for _ in range(10):
            code = _with_its_case(running)
            counter = desks.submit(_at_the_counter, running, code, outcome="refused")
            holder = desks.submit(_by_the_holder, running, code, outcome="granted")
            answers = counter.result().status_code, holder.result().status_code
            assert sorted(answers) == [200, 409]
            assert _both(running, code)[1]["outcome"] == ("refused" if answers[0] == 200 else "granted")


def test_while_routing_was_away(running: Running) -> None:
    waiting, routing = _with_its_case(running), running.pid_of("routing")
    os.kill(routing, signal.SIGSTOP)
    try:
        unknown = _received(running)
        for code in (waiting, unknown):
            assert _at_the_counter(running, code).status_code == 200
    finally:
        os.kill(routing, signal.SIGCONT)
    with running.client("routing", "handler", WARD) as handler:
        eventually(lambda: handler.get(f"/v1/cases/{unknown}").status_code == 200, seconds=40)
    for code in (waiting, unknown):
        assert _both(running, code)[1]["finished_by"] == f"counter@{WARD}"
    with running.client("intake", "counter", WARD) as counter:
        events = counter.get(f"/v1/dossiers/{unknown}/events").json()["items"]
        assert [event["kind"] for event in events] == ["accepted", "finished"]


def test_what_was_over_when_it_was_imported_has_no_case(running: Running) -> None:
    over = {
        **a_draft(procedure=REGISTER_COPY),
        "accepted_at": "2026-11-16T08:00:00+07:00",
        "finished_at": "2026-11-17T08:00:00+07:00",
        "legacy_code": "OLD-1",
    }
    still_open = {name: value for name, value in over.items() if name != "finished_at"} | {"legacy_code": "OLD-2"}
    with running.client("intake", "admin", PROVINCE) as intake:
        body = b"".join(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) for record in (over, still_open))
        run = intake.post("/v1/imports", content=body, headers={"Content-Type": "application/x-ndjson"}).json()
        assert (run["created"], run["rejected"]) == (2, 0)
    with running.client("routing", "handler", WARD) as handler:
        eventually(lambda: handler.get("/v1/cases/OLD-2").status_code == 200)
        assert handler.get("/v1/cases/OLD-1").status_code == 404
