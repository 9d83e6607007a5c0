"""The figures counted straight from histories, dossier by dossier, as design §5 says them in words."""

from collections.abc import Callable, Iterable
from datetime import date

from shared.contracts.stats import COUNT_NAMES
from tests.builders_log import DAY, History


def members(figure: str, histories: Iterable[History], a: date, b: date, *, known_on: date | None = None) -> set[str]:
    """The codes of the dossiers that make up a figure of the period [a, b]. known_on: the day of as_of."""
    holds = _HOLDS[figure]
    overdue_on = min(b, known_on) if known_on else b
    return {history.code for history in histories if holds(history, a, b, overdue_on)}


def on_demand(
    figure: str, histories: Iterable[History], a: date, b: date, *, near: date, known_on: date | None = None
) -> set[str]:
    """The same of a figure that is counted on demand. near: the last day that is nearly due."""
    holds = _ON_DEMAND[figure]
    overdue_on = min(b, known_on) if known_on else b
    of = (history for history in histories if _carried(history, a) or _received(history, a, b))
    return {history.code for history in of if holds(history, a, b, overdue_on, near)}


def counts(histories: Iterable[History], a: date, b: date, *, known_on: date | None = None) -> dict[str, int]:
    """Every figure that is a count."""
    listed = list(histories)
    return {name: len(members(name, listed, a, b, known_on=known_on)) for name in COUNT_NAMES}


def _received_day(h: History) -> date:
    """What is not accepted yet is received on no day."""
    return h.events[-1].facts.received_day or date.max


def _received(h: History, a: date, b: date) -> bool:
    return a <= _received_day(h) <= b


def _resolved(h: History, a: date, b: date) -> bool:
    finished = h.events[-1].facts.finished_day
    return finished is not None and a <= finished <= b


def _carried(h: History, a: date) -> bool:
    facts = h.events[-1].facts
    return _received_day(h) < a and (facts.finished_day is None or facts.finished_day >= a)


def _pending(h: History, b: date) -> bool:
    facts = h.events[-1].facts
    return _received_day(h) <= b and (facts.finished_day is None or facts.finished_day > b)


def _overdue(h: History, b: date, on: date) -> bool:
    late = h.events[-1].facts.late_day
    return _pending(h, b) and late is not None and late <= on


def _paused(h: History, b: date) -> bool:
    return _pending(h, b) and [False, *(e.facts.paused for e in h.events if e.occurred_day <= b)][-1]


def _through(channel: int) -> Callable[[History, date, date, date], bool]:
    return lambda h, a, b, on: _received(h, a, b) and h.events[-1].facts.channel == channel


def _as(*verdicts: int) -> Callable[[History, date, date, date], bool]:
    return lambda h, a, b, on: _resolved(h, a, b) and h.events[-1].facts.verdict in verdicts


_HOLDS: dict[str, Callable[[History, date, date, date], bool]] = {
    "carried_over": lambda h, a, b, on: _carried(h, a),
    "received": lambda h, a, b, on: _received(h, a, b),
    "received_counter": _through(1),
    "received_online": _through(2),
    "received_post": _through(3),
    "to_handle": lambda h, a, b, on: _carried(h, a) or _received(h, a, b),
    "resolved": lambda h, a, b, on: _resolved(h, a, b),
    "resolved_early": _as(1),
    "resolved_on_day": _as(2),
    "resolved_late": _as(3),
    "resolved_on_time": _as(1, 2),
    "resolved_without_term": lambda h, a, b, on: _resolved(h, a, b) and h.events[-1].facts.due_day is None,
    "pending": lambda h, a, b, on: _pending(h, b),
    "pending_in_term": lambda h, a, b, on: _pending(h, b) and not _overdue(h, b, on),
    "pending_overdue": lambda h, a, b, on: _overdue(h, b, on),
    "pending_paused": lambda h, a, b, on: _paused(h, b),
}


def _due(h: History, a: date, b: date) -> bool:
    due = h.events[-1].facts.due_day
    return due is not None and a <= due <= b


def _over(h: History, b: date) -> bool:
    finished = h.events[-1].facts.finished_day
    return finished is not None and finished <= b


def _otherwise(h: History) -> bool:
    return [event.outcome for event in h.events if event.outcome][-1] != "granted"


def _status_at(h: History, b: date) -> int:
    return [0, *(int(event.status) for event in h.events if event.occurred_day <= b)][-1]


def _open_and_due(h: History, first: date, last: date, b: date, on: date) -> bool:
    due = h.events[-1].facts.due_day
    return _pending(h, b) and not _overdue(h, b, on) and due is not None and first <= due <= last


def _due_as(*verdicts: int) -> Callable[[History, date, date, date, date], bool]:
    return lambda h, a, b, on, near: _due(h, a, b) and _over(h, b) and h.events[-1].facts.verdict in verdicts


#: All but the national ones, which need whole lives.
_ON_DEMAND: dict[str, Callable[[History, date, date, date, date], bool]] = {
    "resolved_otherwise": lambda h, a, b, on, near: _resolved(h, a, b) and _otherwise(h),
    "uncollected": lambda h, a, b, on, near: _resolved(h, a, b) and _status_at(h, b) == 9,
    "pending_due_now": lambda h, a, b, on, near: _open_and_due(h, b, b, b, on),
    "pending_nearly_due": lambda h, a, b, on, near: _open_and_due(h, b + DAY, near, b, on),
    "pending_paused_overdue": lambda h, a, b, on, near: _paused(h, b) and _overdue(h, b, on),
    "due_in_period": lambda h, a, b, on, near: _due(h, a, b),
    "due_on_time": _due_as(1, 2),
    "due_late": _due_as(3),
    "due_overdue": lambda h, a, b, on, near: _due(h, a, b) and _overdue(h, b, on),
    "due_in_term": lambda h, a, b, on, near: _due(h, a, b) and _pending(h, b) and not _overdue(h, b, on),
    "due_otherwise": lambda h, a, b, on, near: _due(h, a, b) and _over(h, b) and _otherwise(h),
}
RECOUNTED = tuple(_ON_DEMAND)
