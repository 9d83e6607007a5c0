"""Vòng đời hồ sơ: the ten national states, and what may follow what (Decree 61/2018 art. 17 to 20)."""

import itertools

import pytest

from shared.domain.lifecycle import (
    STATUS_VI,
    TRANSITIONS,
    Channel,
    EventKind,
    Outcome,
    State,
    Status,
    allowed_events,
    next_state,
)

STATES = sorted(set(TRANSITIONS.values()))
#: What a supervisor may re-open, and nobody else may touch but to apologise.
ENDS = (
    State(Status.NOT_ACCEPTED, accepted=False),
    State(Status.WITHDRAWN, accepted=False),
    State(Status.WITHDRAWN),
    State(Status.STOPPED),
    State(Status.RETURNED),
)


def path(*events: EventKind) -> State | None:
    """Where a dossier that does not exist yet arrives; None where an event is not allowed."""
    state: State | None = None
    for event in events:
        state = next_state(state, event)
        if state is None:
            return None
    return state


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
J, N, M, D = EventKind.SUBMITTED, EventKind.NOT_ACCEPTED, EventKind.PAYMENT_REQUESTED, EventKind.PAID
E, G, Q, B = EventKind.EXTENDED, EventKind.APOLOGISED, EventKind.RESCHEDULED, EventKind.REOPENED
C, K = EventKind.CORRECTED, EventKind.RESULT_RECORDED


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
        ((A, P, M), Status.PAYMENT_AWAITED),
        ((A, P, M, D, F), Status.FINISHED),
        ((A, M, X), Status.STOPPED),  # nobody paid
        ((A, P, E, F), Status.FINISHED),  # art. 19(9)
        ((A, E), Status.ACCEPTED),
        ((A, P, S, Q), Status.SUPPLEMENT_AWAITED),
        ((A, P, F, R, G), Status.RETURNED),  # lost after all: art. 21
        ((A, P, F, K, K, R, K), Status.RETURNED),
        ((A, P, F, K, B), Status.IN_PROCESS),
        ((A, P, F, B), Status.IN_PROCESS),
        ((A, X, B, F, R, B, F), Status.FINISHED),
        ((J,), Status.SUBMITTED),
        ((J, A, F, R), Status.RETURNED),
        ((J, N), Status.NOT_ACCEPTED),
        ((J, S), Status.SUPPLEMENT_AWAITED),
        ((J, S, T), Status.SUBMITTED),
        ((J, S, T, S, T, A), Status.ACCEPTED),
        ((J, S, N), Status.NOT_ACCEPTED),  # nobody completed it
        ((J, W), Status.WITHDRAWN),
        ((J, N, B, A), Status.ACCEPTED),
        ((J, W, B), Status.SUBMITTED),
    ],
)
def test_what_may_happen(events: tuple[EventKind, ...], status: Status) -> None:
    state = path(*events)
    assert state is not None
    assert state.status is status
    assert state.accepted == (A in events)


@pytest.mark.parametrize(
    "events",
    [
        (P,),  # nothing happens to what was not accepted
        (A, A),
        (A, J),
        (A, R),  # the result is returned when there is one
        (A, P, R),
        (A, P, S, F),  # a dossier that waits for a supplement cannot be finished
        (A, P, S, S),  # a repeated request does not flip the status
        (A, P, T),
        (A, P, D),
        (A, P, P),
        (A, P, S, D),
        (A, P, M, T),
        (A, P, M, F),
        (A, P, S, E),  # the clock stands still: there is no date to extend
        (A, N),  # art. 19(8): after acceptance a refusal is a result
        (A, K),  # a result is recorded when there is one
        (A, X, K),
        (A, W, K),
        (A, F, F),
        (A, F, S),  # art. 11(2)c: not after the finish
        (A, F, W),
        (A, F, X),
        (A, F, E),
        (A, F, Q),
        (A, F, R, R),
        (A, B),
        (J, P),
        (J, F),
        (J, X),  # what was not accepted is refused, not stopped
        (J, E),
        (J, M),
        (J, B),
        (J, S, A),  # the one-stop has asked: it has it back first
        (J, N, A),
    ],
)
def test_what_may_not(events: tuple[EventKind, ...]) -> None:
    assert path(*events[:-1]) is not None or len(events) == 1
    assert path(*events) is None


def test_a_dossier_is_accepted_once_and_never_refused_afterwards() -> None:
    """Refusal after acceptance is a result (art. 19(8)), never status 3: inspections found it used "by mistake"."""
    assert allowed_events(None) == (J, A)
    assert {state.accepted for state, event in TRANSITIONS if event is A and state} == {False}
    assert {state.accepted for state, event in TRANSITIONS if event is N and state} == {False}
    assert all(after.accepted for (state, _), after in TRANSITIONS.items() if state and state.accepted)
    assert Outcome.REFUSED in Outcome


@pytest.mark.parametrize("state", ENDS)
def test_an_end_can_only_be_reopened_apologised_for_or_corrected(state: State) -> None:
    assert set(allowed_events(state)) - {G, C, K} == {B}
    assert (K in allowed_events(state)) == (state.status in (Status.FINISHED, Status.RETURNED))


def test_from_everywhere_an_end_can_be_reached() -> None:
    for start in STATES:
        seen: set[State] = set()
        waiting = [start]
        while waiting:
            current = waiting.pop()
            if current not in seen:
                seen.add(current)
                waiting += [after for (before, _), after in TRANSITIONS.items() if before == current]
        assert seen & set(ENDS), f"from {start} a dossier never ends"


def test_a_refusal_names_exactly_what_is_allowed() -> None:
    for state, event in itertools.product((None, *STATES), EventKind):
        assert (event in allowed_events(state)) == (next_state(state, event) is not None)


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[(None, A)] = STATES[0]  # type: ignore[index]
