"""Who may speak to the portal, and how: logins, sessions, headers, units, services by name."""

import time

import pytest

from tests.national.bodies import a_dossier
from tests.national.running import HEADERS, Caller

WRONG_LOGIN, STALE, WRONG_HEADERS, WRONG_UNIT, UNKNOWN_SERVICE, TOO_OFTEN, WRONG_BODY = -1, -2, -5, -6, -7, -10, -11


def test_a_login_gives_a_session(caller):
    answer = caller.login()
    assert answer["error_code"] == 0
    assert answer["session"]
    assert caller.look_up("H50.101-260803-0001") == []


@pytest.mark.parametrize("given", [("quangtri", "sai"), ("ai đó", "mật khẩu thử"), ("", "")])
def test_a_wrong_login_is_refused(caller, given):
    answer = caller.login(*given)
    assert answer["error_code"] == WRONG_LOGIN
    assert "session" not in answer


def test_each_login_has_a_session_of_its_own(portal):
    first, second = Caller(portal), Caller(portal)
    assert first.login()["session"] != second.login()["session"]
    assert first.look_up("x") == second.look_up("x") == []


def test_a_session_ends_after_its_calls(caller):
    caller.portal.set(session_calls=3)
    codes = [caller.call("TraCuuHoSo", mahoso="x")["error_code"] for _ in range(4)]
    assert codes == [0, 0, 0, STALE]
    caller.login()
    assert caller.call("TraCuuHoSo", mahoso="x")["error_code"] == 0


def test_a_session_ends_after_its_time(caller):
    caller.portal.set(session_seconds=0.15)
    caller.login()
    assert caller.call("TraCuuHoSo", mahoso="x")["error_code"] == 0
    time.sleep(0.2)
    answer = caller.post("integration", caller.body("TraCuuHoSo", mahoso="x"))
    assert answer.status_code == 200, "real ones answer an ended session with a body, not with a status"
    assert answer.json()["error_code"] == STALE


def test_all_sessions_can_be_ended(caller):
    assert caller.portal.control("POST", "sessions/expire") == {"expired": 1}
    assert caller.call("TraCuuHoSo", mahoso="x")["error_code"] == STALE
    assert caller.send(a_dossier())["error_code"] == STALE
    assert caller.portal.control("GET", "dossiers") == []


@pytest.mark.parametrize("session", [None, "", "x", 7, ["x"]])
def test_what_is_no_session_is_refused(caller, session):
    body = {**caller.body("TraCuuHoSo", mahoso="x"), "session": session}
    assert caller.post("integration", body).json()["error_code"] == STALE


@pytest.mark.parametrize(
    "changed",
    [
        {"dstcode": "VN:GOV:000.00.00.H49:motcua"},
        {"dstcode": ""},
        {"Charset": "windows-1258"},
        {"Charset": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Accept": "text/html"},
    ],
    ids=str,
)
@pytest.mark.parametrize("endpoint", ["auth", "integration", "share"])
def test_wrong_headers_are_refused(caller, endpoint, changed):
    body = {"username": "quangtri", "password": "mật khẩu thử"} if endpoint == "auth" else caller.body("TraCuuHoSo")
    answer = caller.post(endpoint, body, headers=changed)
    assert (answer.status_code, answer.json()["error_code"]) == (200, WRONG_HEADERS)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", 'application/json;charset="UTF-8"'])
def test_the_charset_may_stand_with_the_type(portal, kind):
    caller = Caller(portal, headers={**HEADERS, "Content-Type": kind})
    assert caller.login()["error_code"] == 0


@pytest.mark.parametrize("madonvi", ["000.00.00.H49", "H50", "", None])
def test_another_unit_is_refused(caller, madonvi):
    body = {**caller.body("TraCuuHoSo", mahoso="x"), "madonvi": madonvi}
    assert caller.post("integration", body).json()["error_code"] == WRONG_UNIT


@pytest.mark.parametrize(
    ("endpoint", "service"),
    [("integration", "LayGi"), ("integration", ""), ("share", "DongBoHoSoMC"), ("integration", "LayDanhSachTTHC")],
)
def test_a_service_is_known_at_its_endpoint(caller, endpoint, service):
    assert caller.call(service, endpoint)["error_code"] == UNKNOWN_SERVICE


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"\xff\xfe", b"{'a': 1}"])
def test_what_is_no_object_is_refused(caller, content):
    assert caller.post("integration", content=content).json()["error_code"] == WRONG_BODY


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "share", 405), ("POST", "khac", 404)])
def test_other_ways_in_are_closed(portal, method, path, status):
    assert portal.client.request(method, f"{portal.address}/{path}").status_code == status


@pytest.mark.parametrize(("status", "code"), [(200, TOO_OFTEN), (429, TOO_OFTEN)])
def test_too_many_calls_are_refused_for_a_time(caller, status, code):
    caller.portal.set(rate_calls=3, rate_seconds=60, rate_status=status)
    answers = [caller.post("integration", caller.body("TraCuuHoSo", mahoso="x")) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, status, status]
    assert answers[-1].json()["error_code"] == code


def test_after_its_time_a_call_is_answered_again(caller):
    caller.portal.set(rate_calls=1, rate_seconds=0.2)
    for _ in range(2):
        assert caller.call("TraCuuHoSo", mahoso="x")["error_code"] == 0
        time.sleep(0.25)


@pytest.mark.parametrize("success", [0, "0", "00"])
def test_success_is_written_as_older_ones_do(caller, success):
    caller.portal.set(success_code=success)
    assert caller.login()["error_code"] == success
    assert caller.send(a_dossier())["error_code"] == success


@pytest.mark.parametrize(
    "settings", [{"x": 1}, {"success_code": 1}, {"success_code": False}, {"session_calls": -1}, {"batch": "some"}]
)
def test_a_wrong_setting_is_told(portal, settings):
    answer = portal.client.patch(f"{portal.address}/_control/settings", json=settings)
    assert answer.status_code == 400
    assert next(iter(settings)) in answer.json()["error"]


def test_an_unknown_control_lists_the_known(portal):
    answer = portal.client.get(f"{portal.address}/_control/x")
    assert answer.status_code == 404
    assert "GET /_control/proof" in answer.json()["known"]
