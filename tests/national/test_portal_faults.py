"""Faults on demand: what the caller sees, and what the portal kept."""

import time

import httpx
import pytest

from tests.national.bodies import a_dossier, a_step, code
from tests.national.running import Caller, per_item

FAILED = -99


def outcome(send):
    """What a call came to: the word for a broken one, else status and error code."""
    try:
        answer = send()
    except httpx.RemoteProtocolError:
        return "cut"
    except httpx.ReadError:
        return "reset"
    try:
        return answer.status_code, answer.json().get("error_code")
    except ValueError:
        return answer.status_code, "no JSON"


def kept(portal):
    return [one["code"] for one in portal.control("GET", "dossiers")]


@pytest.mark.parametrize(
    ("fault", "seen", "stored"),
    [
        ({"kind": "drop_before"}, "cut", False),
        ({"kind": "drop_before", "how": "reset"}, "reset", False),
        ({"kind": "drop_after"}, "cut", True),
        ({"kind": "drop_after", "how": "reset"}, "reset", True),
        ({"kind": "truncated"}, "cut", True),
        ({"kind": "truncated", "commit": False}, "cut", False),
        ({"kind": "broken_json"}, (200, "no JSON"), True),
        ({"kind": "broken_json", "commit": False}, (200, "no JSON"), False),
        ({"kind": "http_error"}, (500, "no JSON"), False),
        ({"kind": "http_error", "status": 502, "commit": True}, (502, "no JSON"), True),
        ({"kind": "error_body"}, (200, FAILED), False),
        ({"kind": "error_body", "error_code": "99", "commit": True}, (200, "99"), True),
        ({"kind": "down"}, (503, "no JSON"), False),
        ({"kind": "down", "how": "close"}, "cut", False),
    ],
    ids=str,
)
def test_a_fault_hides_what_was_done_or_not_done(caller, fault, seen, stored):
    caller.portal.control("POST", "faults", {"service": "DongBoHoSoMC", **fault})
    body = caller.body("DongBoHoSoMC", isUpdating="False", data=[a_dossier()])
    assert outcome(lambda: caller.post("integration", body)) == seen
    assert kept(caller.portal) == ([code()] if stored else [])
    assert bool(caller.look_up(code())) is stored, "a look-up is not hit"
    last = caller.portal.control("GET", "history", service="DongBoHoSoMC")[-1]
    assert (last["fault"], last["accepted"]) == (fault["kind"], int(stored))
    caller.portal.control("DELETE", "faults")
    assert caller.send(a_dossier())["error_code"] == (3 if stored else 0)


def test_a_slow_answer_comes_late_and_right(caller):
    caller.portal.fault("slow", seconds=0.3, service="DongBoHoSoMC")
    began = time.monotonic()
    assert caller.send(a_dossier())["error_code"] == 0
    assert time.monotonic() - began >= 0.3


def test_a_caller_that_does_not_wait_cannot_know(caller):
    caller.portal.fault("slow", seconds=0.5, service="DongBoHoSoMC")
    body = caller.body("DongBoHoSoMC", isUpdating="False", data=[a_dossier()])
    with pytest.raises(httpx.ReadTimeout):
        caller.post("integration", body, timeout=0.1)
    for _ in range(50):
        if kept(caller.portal):
            break
        time.sleep(0.05)
    assert kept(caller.portal) == [code()]


def test_slow_and_broken_come_together(caller):
    caller.portal.fault("slow", seconds=0.2)
    caller.portal.fault("drop_after")
    began = time.monotonic()
    body = caller.body("TraCuuHoSo", mahoso="x")
    assert outcome(lambda: caller.post("integration", body)) == "cut"
    assert time.monotonic() - began >= 0.2
    assert caller.portal.control("GET", "history")[-1]["fault"] == "slow+drop_after"


@pytest.mark.parametrize("answer", ["error", "per_item", "lie"])
def test_half_a_batch_is_kept(caller, answer):
    caller.portal.fault("half", answer=answer)
    got = caller.send(*(a_dossier(number) for number in range(1, 5)))
    assert kept(caller.portal) == [code(1), code(2)]
    expected = {"error": (FAILED, []), "per_item": (FAILED, [0, 0, FAILED, FAILED]), "lie": (0, [0, 0])}
    assert (got["error_code"], per_item(got)) == expected[answer]


def test_half_of_the_timelines_too(caller):
    caller.send(a_dossier())
    caller.portal.fault("half", answer="error")
    assert caller.tell(a_step(), a_step(status="5"), a_step(status="4"))["error_code"] == FAILED
    assert caller.portal.kinds_of(code()) == ["new", "timeline"]


def test_answers_in_another_order_and_twice(caller):
    items = [a_dossier(number, MaTTHC="" if number % 2 else "2.000908") for number in range(1, 9)]
    caller.portal.fault("shuffled")
    got = caller.send(*items)
    names = [one["MaHoSo"] for one in got["result"]]
    assert sorted(names) == [item["MaHoSo"] for item in items] != names
    assert all((one["error_code"] == 0) == (int(one["MaHoSo"][-1]) % 2 == 0) for one in got["result"])
    caller.portal.fault("repeated")
    assert [one["MaHoSo"] for one in caller.send(a_dossier(11), a_dossier(12))["result"]] == [code(11), code(12)] * 2
    assert len(kept(caller.portal)) == 6


def test_an_answer_of_before(caller):
    assert caller.send(a_dossier(1))["error_code"] == 0
    caller.portal.fault("stale")
    assert caller.send(a_dossier(2))["result"][0]["MaHoSo"] == code(1), "the answer to the first"
    assert kept(caller.portal) == [code(1), code(2)]


def test_down_for_a_time(caller):
    caller.portal.fault("down", seconds=0.4)
    body = caller.body("TraCuuHoSo", mahoso="x")
    assert outcome(lambda: caller.post("integration", body)) == (503, "no JSON")
    assert outcome(lambda: caller.post("auth", {})) == (503, "no JSON")
    time.sleep(0.45)
    assert outcome(lambda: caller.post("integration", body)) == (200, 0)


def test_down_until_it_is_taken_away(caller):
    caller.portal.fault("down", service="DongBoHoSoMC")
    body = caller.body("DongBoHoSoMC", isUpdating="False", data=[a_dossier()])
    assert {outcome(lambda: caller.post("integration", body)) for _ in range(5)} == {(503, "no JSON")}
    caller.portal.control("DELETE", "faults")
    assert outcome(lambda: caller.post("integration", body)) == (200, 0)


def test_logins_fail_too(portal):
    portal.fault("error_body", service="login", count=2, error_code=-1)
    caller = Caller(portal)
    assert [caller.login()["error_code"] for _ in range(3)] == [-1, -1, 0]


def test_a_plan_lets_some_pass_and_hits_some(caller):
    caller.portal.fault("error_body", service="TraCuuHoSo", skip=2, count=2)
    assert [caller.call("TraCuuHoSo", mahoso="x")["error_code"] for _ in range(6)] == [0, 0, FAILED, FAILED, 0, 0]
    (plan,) = caller.portal.control("GET", "faults")
    assert (plan["met"], plan["hit"], plan["over"]) == (4, 2, True)


def draws(caller):
    caller.portal.control("DELETE", "faults")
    caller.portal.fault("error_body", service="TraCuuHoSo", count=None, probability=0.4)
    return [caller.call("TraCuuHoSo", mahoso="x")["error_code"] == FAILED for _ in range(40)]


def test_chance_comes_from_the_seed(caller, started):
    first = draws(caller)
    assert draws(caller) == first
    assert 5 <= sum(first) <= 30
    same, other = (Caller(started("--seed", seed)) for seed in ("7", "8"))
    assert draws(same) == first
    assert draws(other) != first


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"kind": "x"},
        {"kind": "slow", "commit": True},
        {"kind": "down", "how": "reset"},
        {"kind": "half", "answer": "no"},
        {"kind": "slow", "count": -1},
        {"kind": "slow", "probability": "often"},
    ],
    ids=str,
)
def test_a_wrong_plan_is_told(portal, plan):
    answer = portal.client.post(f"{portal.address}/_control/faults", json=plan)
    assert answer.status_code == 400
    assert answer.json()["error"]
