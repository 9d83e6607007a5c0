"""Who may see how much of a dossier from outside, and what is told of it.

The secret on a receipt is made from the installation's key: whoever holds the paper may see how the dossier stands.
"""

import hmac
from base64 import b32encode
from collections.abc import Mapping
from enum import Enum
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple

from shared.domain.lifecycle import EventKind, Outcome, Status
from shared.domain.personal import spellings

#: 16 letters and digits, 80 bits: nobody guesses it, and it can be typed from paper.
_BYTES = 10


def secret_of(key: str, name: str) -> str:
    """The secret of the dossier whose chain is bound to `name`: its reference, or its code where it has none. Made from
    the installation's key and kept nowhere. 16 characters of A to Z and 2 to 7."""
    return b32encode(hmac.new(key.encode(), name.encode(), sha256).digest()[:_BYTES]).decode()


def is_secret_of(key: str, name: str, offered: str) -> bool:
    """Whether `offered` is it, however its letters are written; in constant time."""
    return hmac.compare_digest(secret_of(key, name).encode(), offered.strip().upper().encode())


class Sight(Enum):
    """How much of a dossier may be seen."""

    NOTHING = "nothing"
    DEGREE = "degree"
    ALL = "all"


def sight(key: str, name: str, owner: str | None, *, secret: str | None, citizen: str | None) -> Sight:
    """How much is seen by who offers a secret, or is a citizen of that identity number, or is anybody.

    owner: the applicant's identity number. A wrong secret shows nothing, not even what anybody may see: whoever has
    mistyped it is to learn that, and a guesser learns no more of this dossier than of one that is not there.
    """
    if secret is not None:
        return Sight.ALL if is_secret_of(key, name, secret) else Sight.NOTHING
    return Sight.ALL if is_owner(owner, citizen) else Sight.DEGREE


def is_owner(owner: str | None, citizen: str | None) -> bool:
    """Whether a citizen is the applicant, by their identity numbers."""
    # Compared in constant time, and where there is nothing to compare with, all the same.
    same = hmac.compare_digest(_number(owner), _number(citizen))
    return bool(same and owner and citizen)


def _number(text: str | None) -> bytes:
    return spellings(text or "")[0].encode()


class Degree(NamedTuple):
    """How far a dossier has come. step: of STEPS."""

    name: str
    vietnamese: str
    step: int


STEPS = 4
_SUBMITTED = Degree("submitted", "Đã nộp, chờ tiếp nhận", 0)
_WAITING_TO_BE_RECEIVED = Degree("waiting", "Chờ người nộp hồ sơ", 0)
_WAITING = Degree("waiting", "Chờ người nộp hồ sơ", 2)
# How it ended is its applicant's business: refused, withdrawn and stopped look like finished.
_FINISHED = Degree("finished", "Đã kết thúc xử lý", 3)
_DEGREES = MappingProxyType(
    {
        Status.SUBMITTED: _SUBMITTED,
        Status.ACCEPTED: Degree("received", "Đã tiếp nhận", 1),
        Status.NOT_ACCEPTED: _FINISHED,
        Status.IN_PROCESS: Degree("in_process", "Đang giải quyết", 2),
        Status.SUPPLEMENT_AWAITED: _WAITING,
        Status.PAYMENT_AWAITED: _WAITING,
        Status.WITHDRAWN: _FINISHED,
        Status.STOPPED: _FINISHED,
        Status.FINISHED: _FINISHED,
        Status.RETURNED: Degree("returned", "Đã trả kết quả", STEPS),
    }
)


def degree_of(status: Status, *, accepted: bool) -> Degree:
    """The degree of completion: what anybody may know of a dossier."""
    degree = _DEGREES[status]
    return _WAITING_TO_BE_RECEIVED if degree is _WAITING and not accepted else degree


#: What the applicant is told of, by its Vietnamese name. What merely happens in the office is not among it.
NOTICES = MappingProxyType(
    {
        EventKind.NOT_ACCEPTED: "Không tiếp nhận",
        EventKind.SUPPLEMENT_REQUESTED: "Yêu cầu bổ sung",
        EventKind.PAYMENT_REQUESTED: "Yêu cầu nghĩa vụ tài chính",
        EventKind.EXTENDED: "Xin lỗi và hẹn lại",
        EventKind.APOLOGISED: "Xin lỗi",
        EventKind.RESCHEDULED: "Tính lại ngày hẹn",
        EventKind.CORRECTED: "Đính chính thông tin tiếp nhận",
        EventKind.WITHDRAWN: "Rút hồ sơ",
        EventKind.STOPPED: "Dừng giải quyết",
        EventKind.FINISHED: "Từ chối giải quyết",
        EventKind.REOPENED: "Mở lại",
    }
)
#: The events among them that appoint a new date; of an apology its entry in the register tells.
APPOINTING = frozenset({EventKind.RESCHEDULED, EventKind.CORRECTED})


def appointed(kind: EventKind, said: Mapping[str, object]) -> object:
    """The date that a notice names; None where it names none, and while the clock stands still."""
    if kind not in APPOINTING:
        return None
    return said["promised_at"] if said.get("due_at") and "promised_at" in said else said.get("due_at")


def concerns_the_applicant(kind: str, said: Mapping[str, object]) -> bool:
    """Whether an event is a notice to the applicant. Of a finish only a refusal is: a result as asked for says it all
    by itself."""
    return kind in NOTICES and (kind != EventKind.FINISHED or said.get("outcome") == Outcome.REFUSED.name.lower())
