"""Vòng đời hồ sơ: the ten national states, and what may follow what (Decree 61/2018 art. 17 to 20)."""

import itertools

import pytest

from shared.domain.lifecycle import (
    STATUS_VI,
    TRANSITIONS,
    Channel,
    EventKind,
    Outcome,
    Status,
    allowed_events,
    next_status,
)

ENDS = (Status.WITHDRAWN, Status.STOPPED, Status.RETURNED, Status.NOT_ACCEPTED)


def path(*events: EventKind) -> Status | None:
    """Where a dossier that does not exist yet arrives; None where an event is not allowed."""
    status: Status | None = None
    for event in events:
        status = next_status(status, event)
        if status is None:
            return None
    return status


def test_the_codes_are_those_of_the_national_portal() -> None:
    assert [(status.value, STATUS_VI[status]) for status in Status] == [
        (1, "Mới đăng ký"),
        (2, "Được tiếp nhận"),
        (3, "Không được tiếp nhận"),
        (4, "Đang xử lý"),
        (5, "Yêu cầu bổ sung giấy tờ"),
        (6, "Yêu cầu thực hiện nghĩa vụ tài chính"),
        (7, "Công dân yêu cầu rút hồ sơ"),
        (8, "Dừng xử lý"),
        (9, "Đã xử lý xong"),
        (10, "Đã trả kết quả"),
    ]
    assert [(channel.value, channel.name) for channel in Channel] == [(1, "COUNTER"), (2, "ONLINE"), (3, "POST")]


A, P, F, R = EventKind.ACCEPTED, EventKind.PROCESSING_STARTED, EventKind.FINISHED, EventKind.RETURNED
S, T, W, X = EventKind.SUPPLEMENT_REQUESTED, EventKind.SUPPLEMENTED, EventKind.WITHDRAWN, EventKind.STOPPED


@pytest.mark.parametrize(
    ("events", "status"),
    [
        ((A,), Status.ACCEPTED),
        ((A, P), Status.IN_PROCESS),
        ((A, F, R), Status.RETURNED),  # same-day: nobody else need touch it (art. 17(4))
        ((A, P, F, R), Status.RETURNED),
        ((A, S), Status.SUPPLEMENT_AWAITED),
        ((A, P, S, T, F), Status.FINISHED),
        ((A, P, S, T, S, T, F, R), Status.RETURNED),
        ((A, W), Status.WITHDRAWN),
        ((A, P, S, W), Status.WITHDRAWN),
        ((A, P, X), Status.STOPPED),
        ((A, P, S, X), Status.STOPPED),
    ],
)
def test_what_may_happen(events: tuple[EventKind, ...], status: Status) -> None:
    assert path(*events) is status


@pytest.mark.parametrize(
    "events",
    [
        (P,),  # nothing happens to what was not accepted
        (A, A),
        (A, R),  # the result is returned when there is one
        (A, P, R),
        (A, P, S, F),  # a dossier that waits for a supplement cannot be finished
        (A, P, S, S),  # a repeated request does not flip the status
        (A, P, T),
        (A, P, P),
        (A, F, F),
        (A, F, S),  # art. 11(2)c: not after the finish
        (A, F, W),
        (A, F, X),
        (A, F, R, R),
    ],
)
def test_what_may_not(events: tuple[EventKind, ...]) -> None:
    assert path(*events[:-1]) is not None or len(events) == 1
    assert path(*events) is None


def test_a_dossier_is_accepted_once_and_never_refused_afterwards() -> None:
    """Refusal after acceptance is a result (art. 19(8)), never status 3: inspections found it used "by mistake"."""
    assert allowed_events(None) == (EventKind.ACCEPTED,)
    assert {state for state, event in TRANSITIONS if event is EventKind.ACCEPTED} == {None}
    assert Status.NOT_ACCEPTED not in TRANSITIONS.values()
    assert Outcome.REFUSED in Outcome


@pytest.mark.parametrize("status", ENDS)
def test_an_end_is_an_end(status: Status) -> None:
    assert allowed_events(status) == ()
    assert all(next_status(status, event) is None for event in EventKind)


def test_from_everywhere_an_end_can_be_reached() -> None:
    for start in set(TRANSITIONS.values()):
        seen, waiting = set(), [start]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting += [after for (before, _), after in TRANSITIONS.items() if before is current]
        assert seen & set(ENDS), f"from {start.name} a dossier never ends"


def test_a_refusal_names_exactly_what_is_allowed() -> None:
    for status, event in itertools.product((None, *Status), EventKind):
        assert (event in allowed_events(status)) == (next_status(status, event) is not None)
