"""The life of a dossier: the ten national states, and one frozen table of what may follow what."""

from enum import IntEnum, StrEnum
from itertools import product
from types import MappingProxyType
from typing import NamedTuple


class Status(IntEnum):
    """National status codes 1 to 10, as the national portal exchanges them."""

    SUBMITTED = 1
    ACCEPTED = 2
    NOT_ACCEPTED = 3
    IN_PROCESS = 4
    SUPPLEMENT_AWAITED = 5
    PAYMENT_AWAITED = 6
    WITHDRAWN = 7
    STOPPED = 8
    FINISHED = 9
    RETURNED = 10

    __hash__ = int.__hash__  # an enum's own is looked up by name, in Python, at every step of an import


class Channel(IntEnum):
    """How a dossier came in: KenhThucHien of the national database."""

    COUNTER = 1
    ONLINE = 2
    POST = 3


class Outcome(IntEnum):
    """How a dossier ended. A refusal on the merits is a result (Decree 61/2018 art. 19(8)), not status 3."""

    GRANTED = 1
    REFUSED = 2
    WITHDRAWN = 3
    STOPPED = 4


class ApologyKind(IntEnum):
    """What an apology is for. The first two are for lateness, to come or come (Decree 61/2018 art. 19(9), 12(5)); the
    third for what no date can mend (art. 21)."""

    EXTENSION = 1
    OVERDUE = 2
    LOST_OR_DAMAGED = 3


class EventKind(StrEnum):
    """What can happen to a dossier."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not_accepted"
    PROCESSING_STARTED = "processing_started"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    SUPPLEMENTED = "supplemented"
    PAYMENT_REQUESTED = "payment_requested"
    PAID = "paid"
    EXTENDED = "extended"
    APOLOGISED = "apologised"
    RESCHEDULED = "rescheduled"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    FINISHED = "finished"
    RESULT_RECORDED = "result_recorded"
    RETURNED = "returned"
    REOPENED = "reopened"

    __hash__ = str.__hash__


STATUS_VI = MappingProxyType(
    {
        Status.SUBMITTED: "Mới đăng ký",
        Status.ACCEPTED: "Được tiếp nhận",
        Status.NOT_ACCEPTED: "Không được tiếp nhận",
        Status.IN_PROCESS: "Đang xử lý",
        Status.SUPPLEMENT_AWAITED: "Yêu cầu bổ sung giấy tờ",
        Status.PAYMENT_AWAITED: "Yêu cầu thực hiện nghĩa vụ tài chính",
        Status.WITHDRAWN: "Công dân yêu cầu rút hồ sơ",
        Status.STOPPED: "Dừng xử lý",
        Status.FINISHED: "Đã xử lý xong",
        Status.RETURNED: "Đã trả kết quả",
    }
)


class State(NamedTuple):
    """Where a dossier stands. The same national code means two things on either side of acceptance: 5 stops the
    reception clock before it and the processing clock after it, and 7 ends what was never received."""

    status: Status
    accepted: bool = True


_SUBMITTED = State(Status.SUBMITTED, accepted=False)
_INCOMPLETE = State(Status.SUPPLEMENT_AWAITED, accepted=False)
_NOT_ACCEPTED = State(Status.NOT_ACCEPTED, accepted=False)
_TAKEN_BACK = State(Status.WITHDRAWN, accepted=False)
_ACCEPTED = State(Status.ACCEPTED)
_IN_PROCESS = State(Status.IN_PROCESS)
_SUPPLEMENT = State(Status.SUPPLEMENT_AWAITED)
_PAYMENT = State(Status.PAYMENT_AWAITED)
_WITHDRAWN = State(Status.WITHDRAWN)
_STOPPED = State(Status.STOPPED)
_FINISHED = State(Status.FINISHED)
_RETURNED = State(Status.RETURNED)

_WORKED_ON = (_ACCEPTED, _IN_PROCESS)
_OPEN = (*_WORKED_ON, _SUPPLEMENT, _PAYMENT)
_ENDED = (_WITHDRAWN, _STOPPED, _FINISHED, _RETURNED)

#: None is the dossier that does not exist yet.
TRANSITIONS = MappingProxyType(
    {
        (None, EventKind.SUBMITTED): _SUBMITTED,
        (None, EventKind.ACCEPTED): _ACCEPTED,
        # At reception: its own clock, and nothing of it counts as received.
        (_SUBMITTED, EventKind.ACCEPTED): _ACCEPTED,
        (_SUBMITTED, EventKind.NOT_ACCEPTED): _NOT_ACCEPTED,
        (_SUBMITTED, EventKind.SUPPLEMENT_REQUESTED): _INCOMPLETE,
        (_SUBMITTED, EventKind.WITHDRAWN): _TAKEN_BACK,
        (_SUBMITTED, EventKind.RESCHEDULED): _SUBMITTED,
        (_INCOMPLETE, EventKind.SUPPLEMENTED): _SUBMITTED,
        (_INCOMPLETE, EventKind.NOT_ACCEPTED): _NOT_ACCEPTED,
        (_INCOMPLETE, EventKind.WITHDRAWN): _TAKEN_BACK,
        (_NOT_ACCEPTED, EventKind.REOPENED): _SUBMITTED,
        (_TAKEN_BACK, EventKind.REOPENED): _SUBMITTED,
        # In the hands of the agency.
        (_ACCEPTED, EventKind.PROCESSING_STARTED): _IN_PROCESS,
        **dict.fromkeys(product(_WORKED_ON, [EventKind.SUPPLEMENT_REQUESTED]), _SUPPLEMENT),
        (_SUPPLEMENT, EventKind.SUPPLEMENTED): _IN_PROCESS,
        **dict.fromkeys(product(_WORKED_ON, [EventKind.PAYMENT_REQUESTED]), _PAYMENT),
        (_PAYMENT, EventKind.PAID): _IN_PROCESS,
        **{(state, EventKind.EXTENDED): state for state in _WORKED_ON},
        **{(state, EventKind.APOLOGISED): state for state in (*_OPEN, *_ENDED)},
        **{(state, EventKind.RESCHEDULED): state for state in _OPEN},
        **{(state, EventKind.CORRECTED): state for state in (*_OPEN, *_ENDED)},
        **dict.fromkeys(product(_OPEN, [EventKind.WITHDRAWN]), _WITHDRAWN),
        **dict.fromkeys(product(_OPEN, [EventKind.STOPPED]), _STOPPED),
        **dict.fromkeys(product(_WORKED_ON, [EventKind.FINISHED]), _FINISHED),
        **{(state, EventKind.RESULT_RECORDED): state for state in (_FINISHED, _RETURNED)},
        (_FINISHED, EventKind.RETURNED): _RETURNED,
        **dict.fromkeys(product(_ENDED, [EventKind.REOPENED]), _IN_PROCESS),
    }
)


def next_state(state: State | None, event: EventKind) -> State | None:
    """The state that `event` leads to, or None where it is not allowed."""
    return TRANSITIONS.get((state, event))


def allowed_events(state: State | None) -> tuple[EventKind, ...]:
    """What may happen in `state`, in the order of the table: what a refusal tells the client."""
    return tuple(event for (before, event) in TRANSITIONS if before == state)
