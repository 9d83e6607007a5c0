"""The life of a dossier: the ten national states, and one frozen table of what may follow what."""

from enum import IntEnum, StrEnum
from types import MappingProxyType


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


class EventKind(StrEnum):
    """What can happen to a dossier."""

    ACCEPTED = "accepted"
    PROCESSING_STARTED = "processing_started"
    SUPPLEMENT_REQUESTED = "supplement_requested"
    SUPPLEMENTED = "supplemented"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    FINISHED = "finished"
    RETURNED = "returned"


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

#: None is the dossier that does not exist yet.
TRANSITIONS = MappingProxyType(
    {
        (None, EventKind.ACCEPTED): Status.ACCEPTED,
        (Status.ACCEPTED, EventKind.PROCESSING_STARTED): Status.IN_PROCESS,
        (Status.ACCEPTED, EventKind.SUPPLEMENT_REQUESTED): Status.SUPPLEMENT_AWAITED,
        (Status.IN_PROCESS, EventKind.SUPPLEMENT_REQUESTED): Status.SUPPLEMENT_AWAITED,
        (Status.SUPPLEMENT_AWAITED, EventKind.SUPPLEMENTED): Status.IN_PROCESS,
        (Status.ACCEPTED, EventKind.WITHDRAWN): Status.WITHDRAWN,
        (Status.IN_PROCESS, EventKind.WITHDRAWN): Status.WITHDRAWN,
        (Status.SUPPLEMENT_AWAITED, EventKind.WITHDRAWN): Status.WITHDRAWN,
        (Status.ACCEPTED, EventKind.STOPPED): Status.STOPPED,
        (Status.IN_PROCESS, EventKind.STOPPED): Status.STOPPED,
        (Status.SUPPLEMENT_AWAITED, EventKind.STOPPED): Status.STOPPED,
        (Status.ACCEPTED, EventKind.FINISHED): Status.FINISHED,
        (Status.IN_PROCESS, EventKind.FINISHED): Status.FINISHED,
        (Status.FINISHED, EventKind.RETURNED): Status.RETURNED,
    }
)


def next_status(status: Status | None, event: EventKind) -> Status | None:
    """The state that `event` leads to, or None where it is not allowed."""
    return TRANSITIONS.get((status, event))


def allowed_events(status: Status | None) -> tuple[EventKind, ...]:
    """What may happen in `status`, in the order of the table: what a refusal tells the client."""
    return tuple(event for (state, event) in TRANSITIONS if state == status)
