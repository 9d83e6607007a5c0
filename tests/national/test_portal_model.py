"""Over random histories, faults among them, the portal's store equals a plain model of it."""

from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.national.bodies import a_dossier, a_step, code, finished
from tests.national.running import Caller, PortalProcess

FAILED, EXISTS, NOT_THERE, WRONG_ITEM = -99, 3, -4, -8

_numbers = st.integers(1, 4)
_items = st.builds(
    lambda number, state, note: (
        number,
        finished("Friday 2026-08-07 09:00", number, GhiChu=note)
        if state == "9"
        else a_dossier(number, TrangThaiHoSo=state, GhiChu=note),
    ),
    _numbers,
    st.sampled_from(["2", "4", "9", "12"]),  # the last is refused
    st.sampled_from(["", "a", "b"]),
)
_sends = st.tuples(st.just("send"), st.booleans(), st.lists(_items, min_size=1, max_size=5))
_steps = st.builds(
    lambda number, minute: (number, a_step(number, when=f"Monday 2026-08-03 10:0{minute}")), _numbers, st.integers(0, 2)
)
_tells = st.tuples(st.just("tell"), st.just(False), st.lists(_steps, min_size=1, max_size=11))
#: The fault, how many of so many items have their effect, whether the answer is told.
_faults = st.sampled_from(
    [
        None,
        None,
        {"kind": "drop_before"},
        {"kind": "drop_after"},
        {"kind": "broken_json"},
        {"kind": "http_error"},
        {"kind": "http_error", "commit": True},
        {"kind": "error_body"},
        {"kind": "half", "answer": "error"},
        {"kind": "half", "answer": "per_item"},
        {"kind": "repeated"},
        {"kind": "shuffled"},
    ]
)


class Model:
    """What a portal should have kept."""

    def __init__(self) -> None:
        self.dossiers: dict[str, dict[str, Any]] = {}
        self.effects: list[tuple[str, str]] = []

    def send(self, updating: bool, items: list[tuple[int, dict[str, Any]]]) -> list[int]:
        return [self._one(updating, code(number), item) for number, item in items]

    def _one(self, updating: bool, name: str, item: dict[str, Any]) -> int:
        if item["TrangThaiHoSo"] == "12":
            return WRONG_ITEM
        if updating != (name in self.dossiers):
            return NOT_THERE if updating else EXISTS
        if self.dossiers.get(name) != item:
            self.dossiers[name] = item
            self.effects.append((name, "update" if updating else "new"))
        return 0

    def tell(self, items: list[tuple[int, dict[str, Any]]]) -> list[int]:
        found = []
        for number, _ in items:
            there = code(number) in self.dossiers
            found.append(0 if there else NOT_THERE)
            if there:
                self.effects.append((code(number), "timeline"))
        return found


def _told(caller: Caller, verb: str, updating: bool, items: list[Any]) -> Any:
    service = "DongBoHoSoMC" if verb == "send" else "CapNhatTienDoHoSoMC"
    more = {"isUpdating": str(updating)} if verb == "send" else {}
    try:
        answer = caller.post("integration", caller.body(service, data=[item for _, item in items], **more))
        return answer.json()
    except (httpx.HTTPError, ValueError):
        return None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.one_of(_sends, _tells), _faults), max_size=12))
def test_the_store_is_what_a_plain_model_has(portal: PortalProcess, history: list[Any]) -> None:
    portal.control("POST", "reset")
    caller, model = Caller(portal), Model()
    caller.login()
    for (verb, updating, items), fault in history:
        portal.control("DELETE", "faults")
        kind = fault["kind"] if fault else None
        if fault:
            portal.control("POST", "faults", fault)
        worked_on = items
        if kind == "drop_before" or (kind in ("http_error", "error_body") and not fault.get("commit")):
            worked_on = []
        elif kind == "half":
            worked_on = items[: len(items) // 2]
        if verb == "tell" and len(items) > 10:
            worked_on = []
        codes = model.send(updating, worked_on) if verb == "send" else model.tell(worked_on)
        answer = _told(caller, verb, updating, items)
        if kind is None and worked_on:
            assert [one["error_code"] for one in answer["result"]] == codes
            assert answer["error_code"] == next((code for code in codes if code), 0)
    kept = portal.control("GET", "dossiers", limit=-1)
    assert {one["code"]: one["item"] for one in kept} == model.dossiers
    effects = portal.control("GET", "effects", limit=-1)
    assert [(one["dossier"], one["kind"]) for one in effects] == model.effects
    assert len(portal.control("GET", "history")) == len(history) + 1
