"""What routing decides about a hand-over: whether a dossier may be given on, and what may be answered.

The log of a case is its movements, in order. A hand-over stands until its receiver declines it, its giver recalls it,
or whoever received it returns it; each of these is a movement of its own, and says which hand-over it undoes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType

from routing_service.agencies.rules import absence
from routing_service.cases.rules import CaseRow, Change, Moved, Movement, Received, gone_on_with, impossible
from routing_service.delegations.rules import Authority, Officer
from shared.contracts.hand_overs import HandOverAnswerIn, HandOverIn, ReasonedAnswerIn, RecallIn
from shared.domain.agencies import AgencyTree
from shared.domain.civil_time import civil_day, local
from shared.reference import Reference
from shared.web.problems import Problem, Reason


class Answer(StrEnum):
    """What became of a hand-over."""

    RECEIVED = "received"
    DECLINED = "declined"
    RECALLED = "recalled"
    SENT_BACK = "sent_back"


_UNDONE = MappingProxyType(
    {Movement.DECLINE: Answer.DECLINED, Movement.RECALL: Answer.RECALLED, Movement.RETURN: Answer.SENT_BACK}
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """That the receiver has it, and who says so. `implied`: nobody said so, the receiver went on with it."""

    occurred_at: datetime
    recorded_at: datetime
    actor: str
    acting_agency_id: int
    implied: bool


@dataclass(frozen=True, slots=True)
class HandOverRow:
    """One movement as it stands in the log. `delegator`: in whose place the actor acted, if not in the own."""

    seq: int
    kind: Movement
    answers: int | None
    from_agency_id: int
    from_desk: str | None
    to_agency_id: int
    to_desk: str | None
    occurred_at: datetime
    recorded_at: datetime
    actor: str
    acting_agency_id: int | None
    delegator: str | None
    note: str | None
    reorganisation_id: int | None
    receipt: Receipt | None


def answers(log: Sequence[HandOverRow]) -> dict[int, tuple[Answer, datetime]]:
    """What became of each hand-over that is answered, and when: the last that was said of it holds."""
    found = {row.seq: (Answer.RECEIVED, row.receipt.occurred_at) for row in log if row.receipt is not None}
    found.update({row.answers: (_UNDONE[row.kind], row.occurred_at) for row in log if row.answers is not None})
    return found


def standing(log: Sequence[HandOverRow]) -> int | None:
    """The hand-over by which the holder has the dossier; None where it lies with whoever opened the case, or with a
    successor by law."""
    stack: list[int] = []
    for row in log:
        if row.kind is Movement.REORGANISATION:
            stack.clear()
        elif row.answers is None:
            stack.append(row.seq)
        elif row.answers in stack:
            del stack[stack.index(row.answers) :]
    return stack[-1] if stack else None


@dataclass(frozen=True, slots=True)
class Scene:
    """What a decision about one case is made from: the case, its log, who acts, and when. `log` may be left out where
    only the last hand-over is asked about."""

    case: CaseRow
    officer: Officer
    reference: Reference
    now: datetime
    log: Sequence[HandOverRow] = ()

    @property
    def tree(self) -> AgencyTree:
        """The units of all times."""
        return self.reference.agencies

    @property
    def today(self) -> date:
        """The civil day on which it is decided, whatever day is claimed."""
        return civil_day(self.now)

    def authority(self, action: str) -> Authority | Problem:
        """By what right the officer decides for the holder."""
        sector = self.reference.versions[self.case.version_id].sector
        return self.officer.authority(action, sector, self.case.holder_id, self.tree)

    def at(self, claimed: datetime | None, floor: datetime, early: str) -> datetime | Problem:
        """When it happens: as claimed, else now; or why it cannot have been then."""
        refused = impossible(claimed, floor, early, self.now)
        return Problem("invalid_request", refused) if refused else claimed or max(self.now, floor)


def hand_over(scene: Scene, given: HandOverIn) -> Change | Problem:
    """Whether who asks may give the case to another agency, which must be in force on that day and still today: nobody
    is left to receive it in a unit that has ended since. Whoever gives on what was not received yet has received it by
    that."""
    case = scene.case
    at = held(scene) or scene.at(given.occurred_at, *case.floor)
    if isinstance(at, Problem):
        return at
    receiver = scene.tree.on(given.to_agency, civil_day(at))
    if receiver is None:
        return Problem("invalid_request", absence("to_agency", scene.tree, given.to_agency, civil_day(at)))
    if not receiver.in_force(scene.today):
        return Problem("invalid_request", absence("to_agency", scene.tree, given.to_agency, scene.today))
    if (receiver.id, given.to_desk) == (case.holder_id, case.desk):
        return Problem("conflict", Reason("to_agency", "already_the_holder"))
    return Change(case, gone_on_with(case, at), Moved(Movement.HAND_OVER, receiver.id, given.to_desk, at, given.note))


def receive(scene: Scene, seq: int, given: HandOverAnswerIn) -> Change | Problem:
    """Whether who asks may say that the holder has what was handed over last."""
    at = _answered_at(scene, seq, scene.case.holder_id, "not_the_receiver", given)
    return at if isinstance(at, Problem) else Change(scene.case, Received(at))


def decline(scene: Scene, seq: int, given: ReasonedAnswerIn) -> Change | Problem:
    """Whether who asks may decline what was handed over last: it is with its giver again. What was returned is not
    declined: it has nowhere else to go."""
    at = _answered_at(scene, seq, scene.case.holder_id, "not_the_receiver", given)
    if isinstance(at, Problem):
        return at
    authority = scene.authority("decline")
    if isinstance(authority, Problem):
        return authority
    if scene.case.last is not None and scene.case.last.kind is Movement.RETURN:
        return Problem("conflict", Reason("", "returned_to_you"))
    return _back(scene, Movement.DECLINE, at, given.reason, authority)


def recall(scene: Scene, seq: int, given: RecallIn) -> Change | Problem:
    """Whether who asks may take back what was handed over last and is not received yet: for its giver only."""
    at = _answered_at(scene, seq, scene.case.given_by, "not_the_giver", given)
    return at if isinstance(at, Problem) else _back(scene, Movement.RECALL, at, given.reason, Authority())


def send_back(scene: Scene, seq: int, given: ReasonedAnswerIn) -> Change | Problem:
    """Whether who asks may return what it got by hand-over `seq`, and has received. Its giver is to receive it."""
    case = scene.case
    at = held(scene) or scene.at(given.occurred_at, *case.floor)
    if isinstance(at, Problem):
        return at
    if not case.received:
        return Problem("conflict", Reason("", "not_received_yet"))
    if standing(scene.log) != seq:
        return _settled(scene.log, seq)
    authority = scene.authority("return")
    if isinstance(authority, Problem):
        return authority
    got = scene.log[seq - 1]
    moved = Moved(Movement.RETURN, got.from_agency_id, got.from_desk, at, given.reason, seq)
    return _absent_giver(scene, got.from_agency_id, at) or Change(
        case, moved=moved, delegation_id=authority.delegation_id
    )


def _answered_at(scene: Scene, seq: int, by: int | None, else_code: str, given: HandOverAnswerIn) -> datetime | Problem:
    """When hand-over `seq` is answered by the agency `by`; or why it cannot be."""
    case, last = scene.case, scene.case.last
    if last is None or seq != last.seq:
        return _settled(scene.log, seq)
    if by not in scene.officer.scope:
        return Problem("forbidden", Reason("", else_code))
    if case.over:
        return Problem("not_allowed_in_status", Reason("", "case_over"))
    if not case.received:
        return scene.at(given.occurred_at, last.handed_over_at, "before_hand_over")
    return _no_answer_awaited(None if last.received_at is None else (Answer.RECEIVED, last.received_at))


def _settled(log: Sequence[HandOverRow], seq: int) -> Problem:
    """The refusal of a second answer."""
    return _no_answer_awaited(answers(log).get(seq))


def _no_answer_awaited(holds: tuple[Answer, datetime] | None) -> Problem:
    """It says what holds."""
    if holds is None:
        return Problem("conflict", Reason("", "no_answer_awaited"))
    answer, at = holds
    return Problem("conflict", Reason("", f"{answer}_before", {"at": local(at).isoformat()}))


def _back(scene: Scene, kind: Movement, at: datetime, reason: str | None, by: Authority) -> Change | Problem:
    last = scene.case.last
    assert last is not None, "only what was handed over goes back"
    moved = Moved(kind, last.from_agency_id, last.from_desk, at, reason, last.seq)
    return _absent_giver(scene, last.from_agency_id, at) or Change(
        scene.case, moved=moved, delegation_id=by.delegation_id
    )


def _absent_giver(scene: Scene, agency_id: int, at: datetime) -> Problem | None:
    """A giver that has gone since takes nothing back: its successor is to be given it."""
    giver = scene.tree.by_id[agency_id]
    for day in (civil_day(at), scene.today):
        if not giver.in_force(day):
            return Problem("invalid_request", absence("", scene.tree, giver.code, day))
    return None


def held(scene: Scene) -> Problem | None:
    """Why who asks does not hold it, or has nothing left to do with it."""
    if scene.case.holder_id not in scene.officer.scope:
        return Problem("forbidden", Reason("", "not_the_holder"))
    return Problem("not_allowed_in_status", Reason("", "case_over")) if scene.case.over else None
