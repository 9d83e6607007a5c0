"""What the portal keeps: over kills, with the history of every call, as proof of order and of effects. Its speed."""

import ast
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.national.bodies import a_dossier, a_step, code, digits, finished
from tests.national.running import PASSWORD, Caller, per_item
from tests.national_portal.catalogue import Catalogue
from tests.national_portal.faults import Faults
from tests.national_portal.server import Application
from tests.national_portal.services import Portal
from tests.national_portal.settings import Configuration, Settings
from tests.national_portal.store import Store

PORTAL = Path(__file__).parents[1] / "national_portal"


def test_a_killed_portal_has_all_that_it_answered(started, tmp_path):
    portal = started("--store", str(tmp_path / "portal.db"))
    caller = Caller(portal)
    caller.send(a_dossier(1))
    caller.tell(a_step())
    portal.control("POST", "procedures", {"MATTHC": "9.000001", "TENTTHC": "Thử"})
    portal.control("POST", "questions", {"HOIDAPID": 5, "NOIDUNG": "Hỏi"})
    portal.set(timeline_batch=9)
    portal.fault("drop_after", service="DongBoHoSoMC")
    with pytest.raises(Exception, match="disconnected"):
        caller.send(a_dossier(2))
    before = portal.control("GET", "history")
    portal.kill()
    portal.start()
    assert portal.control("GET", "history") == before
    assert portal.control("GET", "settings")["timeline_batch"] == 9
    assert portal.control("GET", "faults") == [], "nor do faults"
    assert caller.call("TraCuuHoSo", mahoso=code())["error_code"] == -2, "sessions do not outlive it"
    caller.login()
    assert caller.look_up(code(1))[0]["DanhSachTienDo"] == [a_step()]
    assert caller.look_up(code(2))
    assert caller.call("LayThuTuc", maTTHC="9.000001")["result"][0]["TENTTHC"] == "Thử"
    assert caller.call("LayDanhSachHoiDapGuiTuDVCQG")["result"][0]["HOIDAPID"] == 5


def test_without_a_file_it_forgets(started):
    portal = started()
    caller = Caller(portal)
    caller.send(a_dossier())
    portal.kill()
    portal.start()
    assert portal.control("GET", "dossiers") == []


def test_the_arguments_hold(started):
    portal = started(
        *("--username", "u", "--password", "p", "--madonvi", "000.00.00.H49", "--dstcode", "X"),
        *("--session-calls", "1", "--session-seconds", "60"),
    )
    caller = Caller(portal, madonvi="000.00.00.H49")
    caller.headers = {**caller.headers, "dstcode": "X"}
    assert caller.login()["error_code"] == -1
    assert caller.login("u", "p")["error_code"] == 0
    item = a_dossier(MaHoSo="H49.01-260803-0001")
    assert caller.send(item)["error_code"] == 0
    assert caller.send(item)["error_code"] == -2, "one call a session"


def test_every_call_is_in_the_history(caller):
    caller.send(a_dossier(1), a_dossier(2, MaTTHC=""))
    caller.tell(a_step())
    caller.login(password="sai")
    history = caller.portal.control("GET", "history", bodies=1)
    assert [(one["service"], one["items"], one["accepted"], one["error_code"]) for one in history] == [
        ("login", 0, 0, "0"),
        ("DongBoHoSoMC", 2, 1, "-8"),
        ("CapNhatTienDoHoSoMC", 1, 1, "0"),
        ("login", 0, 0, "-1"),
    ]
    assert [one["at"] for one in history] == sorted(one["at"] for one in history)
    assert json.loads(history[1]["body"])["data"][0] == a_dossier(1)
    assert per_item(json.loads(history[1]["answer"])) == [0, -8]
    assert history[0]["body"] is None
    assert PASSWORD not in json.dumps(history, ensure_ascii=False)
    assert "body" not in caller.portal.control("GET", "history")[0]
    of_it = caller.portal.control("GET", "history", dossier=code(1), after=history[1]["id"])
    assert [one["service"] for one in of_it] == ["CapNhatTienDoHoSoMC"]


def test_the_proof_of_a_good_sender(caller):
    caller.send(a_dossier())
    caller.tell(a_step(), a_step(status="9", when="Friday 2026-08-07 09:00"))
    caller.send(finished("Friday 2026-08-07 09:00"), updating=True)
    caller.send(finished("Friday 2026-08-07 09:00"), updating=True)
    proof = caller.portal.control("GET", "proof")
    assert proof == {"dossiers": 1, "effects": 4, "out_of_order": [], "backwards": [], "twice": []}


def test_the_proof_shows_a_bad_one(caller):
    caller.send(finished("Friday 2026-08-07 09:00"))
    caller.send(a_dossier(), updating=True)
    caller.tell(a_step(when="Tuesday 2026-08-04 10:00"), a_step(), a_step())
    proof = caller.portal.control("GET", "proof")
    assert [(one["kind"], one["moment"], one["after"]) for one in proof["out_of_order"]] == [
        ("update", "20260803090000", "20260807090000"),
        ("timeline", "20260803100000", "20260804100000"),
        ("timeline", "20260803100000", "20260804100000"),
    ]
    assert [(one["kind"], one["moment"]) for one in proof["twice"]] == [("timeline", "20260803100000")]
    assert proof["backwards"] == [], "a finished one may be opened again"


@pytest.mark.parametrize(
    ("first", "then", "backwards"), [("4", "2", True), ("2", "4", False), ("5", "4", False), ("2", "1", True)]
)
def test_the_proof_shows_a_state_that_came_after_its_next(caller, first, then, backwards):
    filed: dict[str, Any] = {"NgayNopHoSo": digits("Monday 2026-08-03 08:00")}
    caller.send(a_dossier(TrangThaiHoSo=first, **filed))
    caller.send(a_dossier(TrangThaiHoSo=then, **filed), updating=True)
    proof = caller.portal.control("GET", "proof")
    assert [(one["status"], one["after"]) for one in proof["backwards"]] == ([(then, first)] if backwards else [])
    assert proof["out_of_order"] == []


def test_many_callers_at_once_make_one_dossier_each(caller):
    def send(run: int) -> list[int]:
        one = Caller(caller.portal)
        one.login()
        return [one.send(a_dossier(number))["error_code"] for number in range(1, 21)]

    with ThreadPoolExecutor(6) as pool:
        codes = [code for codes in pool.map(send, range(6)) for code in codes]
    assert (codes.count(0), codes.count(3)) == (20, 100)
    assert caller.portal.control("GET", "proof")["effects"] == 20


def test_a_dossier_can_be_lost_or_changed_behind_the_callers_back(caller):
    caller.send(a_dossier(1, GhiChu="a"), a_dossier(2))
    caller.portal.control("PATCH", f"dossiers/{code(1)}", {"TrangThaiHoSo": "2", "GhiChu": None})
    assert caller.portal.stored(code(1)) == a_dossier(1, TrangThaiHoSo="2")
    caller.portal.control("DELETE", f"dossiers/{code(2)}")
    assert caller.look_up(code(2)) == []
    # Sent again as it was before, it is what was sent.
    assert caller.send(a_dossier(1, GhiChu="a"), updating=True)["error_code"] == 0
    assert caller.portal.stored(code(1)) == a_dossier(1, GhiChu="a")
    for method, name, body in (
        ("DELETE", code(2), None),
        ("PATCH", code(1), {"TrangThaiHoSo": "12"}),
        ("PATCH", code(1), {"MaHoSo": code(3)}),
        ("POST", code(1), {}),
    ):
        answer = caller.portal.client.request(method, f"{caller.portal.address}/_control/dossiers/{name}", json=body)
        assert answer.status_code in (400, 404, 405)


async def test_only_this_machine_controls_it():
    portal = Portal(Configuration(), Settings(), Store(None), Catalogue(), Faults(0))
    for client, status in (("127.0.0.1", 200), ("10.1.2.3", 403)):
        transport = httpx.ASGITransport(Application(portal), client=(client, 40000))
        async with httpx.AsyncClient(transport=transport, base_url="http://portal") as asking:
            assert (await asking.get("/_control/settings")).status_code == status


def test_it_ends_with_who_started_it(started):
    portal = started()
    portal.hang_up()
    with pytest.raises(httpx.ConnectError):
        portal.control("GET", "")


def test_lists_come_in_pages(caller):
    caller.send(*(a_dossier(number) for number in range(1, 6)))
    first = caller.portal.control("GET", "dossiers", limit=3)
    rest = caller.portal.control("GET", "dossiers", after=first[-1]["code"])
    assert [one["code"] for one in first + rest] == [code(number) for number in range(1, 6)]
    effects = caller.portal.control("GET", "effects", limit=2)
    assert [one["seq"] for one in caller.portal.control("GET", "effects", after=effects[-1]["seq"])] == [3, 4, 5]


def test_a_thousand_items_a_second(caller):
    """Goal: no bottleneck. Some seven thousand were measured, in batches of a hundred; here the best of three is meant,
    for others run beside it."""
    taken = []
    for run in range(3):
        batches = [[a_dossier(1000 * run + 100 * batch + one) for one in range(1, 101)] for batch in range(10)]
        began = time.monotonic()
        for batch in batches:
            assert caller.send(*batch)["error_code"] == 0
        taken.append(time.monotonic() - began)
    assert 1000 / min(taken) >= 1000


def test_the_portal_stands_apart_from_the_product():
    """A double that shares the product's rules would confirm its mistakes."""
    found = []
    for file in PORTAL.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            ours = ("intake_service", "routing_service", "stats_service", "services", "shared", "migrations")
            found += [f"{file.name}: {name}" for name in names if name.split(".")[0] in ours]
    assert sorted(found) == ["control.py: shared.web.clock", "server.py: shared.web.clock"]
