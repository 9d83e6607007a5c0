"""Chuỗi sự kiện: whoever alters one event breaks all that follow (Decree 61/2018 art. 5(1)c forbids altering dossier
data without right; this is how it shows)."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.domain.chain import GENESIS, event_hash, event_tail
from shared.domain.counts import Facts
from tests.domain.builders import facts, instants_within
from tests.support import at


@dataclass(frozen=True)
class Event:
    """An event as it is stored."""

    code: str
    seq: int
    kind: str
    status: int
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    acting_agency_id: int
    facts: Facts
    payload: str

    def tail(self) -> str:
        return event_tail(**{f.name: getattr(self, f.name) for f in fields(self) if f.name != "code"})

    def hash(self, previous: bytes = GENESIS) -> bytes:
        return event_hash(previous, self.code, self.tail())


def chain(events: list[Event]) -> list[bytes]:
    """The hashes of a dossier's events in order."""
    found = [GENESIS]
    for event in events:
        found.append(event.hash(found[-1]))
    return found[1:]


def one_line(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return text.filter(lambda value: "\n" not in value)


_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_instants = instants_within
#: Little variety on purpose, digits and separators above all: what could be mistaken for another field.
_tricky = st.text("1,2|\n-:ab", max_size=8)
events = st.builds(
    Event,
    code=one_line(_text | _tricky),
    seq=st.integers(1, 12),
    kind=one_line(_text | _tricky),
    status=st.integers(1, 10),
    occurred_at=_instants,
    recorded_at=_instants,
    actor=one_line(_text | _tricky),
    acting_agency_id=st.integers(1, 300),
    facts=facts,
    payload=_text | _tricky,
)

AN_EVENT = Event(
    code="000.00.01.H50-190722-0001",
    seq=2,
    kind="finished",
    status=9,
    occurred_at=at("Monday 2019-07-29 16:00"),
    recorded_at=at("Monday 2019-07-29 16:01"),
    actor="handler@19333",
    acting_agency_id=7,
    facts=Facts(7, 1, date(2019, 7, 22), date(2019, 7, 29), date(2019, 7, 30), date(2019, 7, 29), 2),
    payload='{"outcome":"granted"}',
)
_MICRO = timedelta(microseconds=1)
CHANGES: dict[str, Any] = {
    "code": "000.00.01.H50-190722-0002",
    "seq": 3,
    "kind": "stopped",
    "status": 8,
    "occurred_at": AN_EVENT.occurred_at - _MICRO,
    "recorded_at": AN_EVENT.recorded_at + _MICRO,
    "actor": "handler@19334",
    "acting_agency_id": 8,
    "payload": '{"outcome":"refused"}',
}
CHANGED_FACTS: dict[str, Any] = {
    "agency_id": 8,
    "channel": 2,
    "received_day": date(2019, 7, 23),
    "due_day": None,
    "late_day": date(2019, 7, 31),
    "finished_day": date(2019, 7, 30),
    "verdict": 1,
    "paused": True,
}


def test_every_field_is_tried() -> None:
    assert {*CHANGES, "facts"} == {field.name for field in fields(Event)}
    assert set(CHANGED_FACTS) == set(Facts._fields)


@pytest.mark.parametrize("field", CHANGES)
def test_changing_a_field_changes_the_hash(field: str) -> None:
    assert replace(AN_EVENT, **{field: CHANGES[field]}).hash() != AN_EVENT.hash()


@pytest.mark.parametrize("field", CHANGED_FACTS)
def test_changing_a_fact_changes_the_hash(field: str) -> None:
    changed = AN_EVENT.facts._replace(**{field: CHANGED_FACTS[field]})
    assert replace(AN_EVENT, facts=changed).hash() != AN_EVENT.hash()


@given(st.lists(events, min_size=2, max_size=5), st.data())
def test_a_change_breaks_the_event_and_all_after_it_but_none_before(written: list[Event], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(written) - 1))
    other = data.draw(events)
    assume(other != written[place])
    before, after = chain(written), chain([*written[:place], other, *written[place + 1 :]])
    assert before[:place] == after[:place]
    assert all(old != new for old, new in zip(before[place:], after[place:], strict=True))


@given(st.lists(events, min_size=2, max_size=5, unique=True))
def test_leaving_an_event_out_or_swapping_two_breaks_the_chain(written: list[Event]) -> None:
    head = chain(written)[-1]
    assert chain(written[1:])[-1] != head
    assert chain([written[1], written[0], *written[2:]])[-1] != head


@given(events, events)
def test_no_two_events_have_one_text(one: Event, other: Event) -> None:
    assert (f"{one.code}\n{one.tail()}" == f"{other.code}\n{other.tail()}") == (one == other)


def test_a_newline_cannot_move_the_border_between_fields() -> None:
    """Else these two would have one text, and who acted for whom could be rewritten unseen."""
    honest = replace(AN_EVENT, payload=f"8\n{AN_EVENT.facts.text()}\n{{}}")
    actor = f"{AN_EVENT.actor}\n{AN_EVENT.acting_agency_id}\n{AN_EVENT.facts.text()}"
    forged = replace(AN_EVENT, actor=actor, acting_agency_id=8, payload="{}")
    assert honest.hash() != AN_EVENT.hash()
    with pytest.raises(ValueError, match="newline"):
        forged.hash()


@pytest.mark.parametrize("field", ["code", "kind", "actor"])
def test_no_field_but_the_payload_may_hold_a_newline(field: str) -> None:
    change: dict[str, Any] = {field: "a\nb"}
    with pytest.raises(ValueError, match="newline"):
        replace(AN_EVENT, **change).hash()
    assert replace(AN_EVENT, payload='{\n"a": 1}').hash() != AN_EVENT.hash()


def test_the_same_instant_in_another_zone_is_the_same_event() -> None:
    elsewhere = AN_EVENT.occurred_at.astimezone(timezone(timedelta(hours=-5)))
    assert replace(AN_EVENT, occurred_at=elsewhere).hash() == AN_EVENT.hash()


def test_the_text_is_what_a_verifier_of_its_own_would_hash() -> None:
    """Written out by hand, so that whoever changes the text breaks the chains of all dossiers here first."""
    text = (
        "000.00.01.H50-190722-0001\n2\nfinished\n9\n1564390800000000\n1564390860000000\nhandler@19333\n7\n"
        '7,1,2019-07-22,2019-07-29,2019-07-30,2019-07-29,2,0\n{"outcome":"granted"}'
    )
    assert AN_EVENT.hash() == sha256(bytes(32) + text.encode()).digest()
