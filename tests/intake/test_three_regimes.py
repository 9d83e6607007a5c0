"""Three regimes over one history, side by side: Decree 61/2018 (the term begins anew), the national scoring (the wait
is subtracted, a second request is late), and a special law, the State Bank's (asked within five days, closed in 60)."""

from datetime import datetime
from typing import NamedTuple

import pytest

from intake_service.deadlines.rules import history, national_score
from intake_service.lifecycle.rules import against_the_law
from shared.domain.deadline import Clock, answer_due_after
from shared.domain.explanation import Told
from shared.domain.life import Happened, decided, told
from shared.domain.lifecycle import EventKind
from shared.domain.regimes import Lapse, SupplementRule
from tests.domain.builders import a_clock, the_rule, working_days
from tests.support import at

ACCEPTED, ASKED, ANSWERED, FINISHED = (
    *(EventKind.ACCEPTED, EventKind.SUPPLEMENT_REQUESTED),
    *(EventKind.SUPPLEMENTED, EventKind.FINISHED),
)
#: Seven working days, of a procedure of the State Bank; due on Thursday 16/7.
RECEIVED = (ACCEPTED, "Tuesday 2026-07-07 09:00")
ON_THE_THIRD_DAY = (ASKED, "Friday 2026-07-10 10:00")
ON_THE_FIFTH_DAY = (ASKED, "Tuesday 2026-07-14 10:00")
BACK = (ANSWERED, "Monday 2026-07-27 10:00")

DECREE_61 = the_rule("Monday 2019-07-22")
STATE_BANK = the_rule("Tuesday 2026-07-07", "1.000195")


class Judged(NamedTuple):
    """What becomes of a history: what the law objected to, when it is due in the end, and both verdicts."""

    refused: list[str]
    due: str
    verdict: str | None
    national: str


def judged(rule: SupplementRule, *events: tuple[EventKind, str]) -> Judged:
    """A history under a rule, by the engine. What the law forbids is noted, and happens all the same."""
    clock = a_clock(working_days(7), rule=rule)
    happened: list[Happened] = []
    refused: list[str] = []
    for kind, text in events:
        life = told(happened)
        event = decided(life, kind, at(text), clock)
        assert event is not None
        if life is not None and (reason := against_the_law(life, event, clock, recorded_at=event.at)) is not None:
            refused.append(reason.code)
        happened.append(event)
    return _told(history(happened), clock, refused, at(events[-1][1]))


def _told(lives: list[Told], clock: Clock, refused: list[str], now: datetime) -> Judged:
    account = lives[-1].after.account
    assert account is not None
    score = national_score(lives, clock, now, returned_at=None, terms=())
    assert score is not None
    return Judged(
        refused,
        f"{account.due.at:%A %Y-%m-%d}" if account.due else "stands still",
        account.verdict.name.lower() if account.verdict else None,
        "on time" if score.on_time else "overdue",
    )


def test_asked_in_time_and_finished_within_the_new_term() -> None:
    """By both laws seven days from the complete dossier; the scoring knows the old term and eleven days of wait."""
    events = (RECEIVED, ON_THE_THIRD_DAY, BACK, (FINISHED, "Wednesday 2026-08-05 16:00"))
    for rule in (DECREE_61, STATE_BANK):
        assert judged(rule, *events) == Judged([], "Wednesday 2026-08-05", "on_day", "overdue")


def test_finished_within_the_old_term_and_the_wait() -> None:
    events = (RECEIVED, ON_THE_THIRD_DAY, BACK, (FINISHED, "Friday 2026-07-31 16:00"))
    for rule in (DECREE_61, STATE_BANK):
        assert judged(rule, *events) == Judged([], "Wednesday 2026-08-05", "early", "on time")


def test_asked_on_the_fifth_day_only_the_special_law_allows_it() -> None:
    events = (RECEIVED, ON_THE_FIFTH_DAY)
    assert judged(DECREE_61, *events) == Judged(["supplement_late"], "stands still", None, "on time")
    assert judged(STATE_BANK, *events) == Judged([], "stands still", None, "on time")


def test_a_second_request_is_forbidden_by_one_and_late_for_the_other() -> None:
    again = ((ASKED, "Tuesday 2026-07-28 10:00"), (ANSWERED, "Tuesday 2026-07-28 15:00"))
    events = (RECEIVED, ON_THE_THIRD_DAY, BACK, *again, (FINISHED, "Thursday 2026-07-30 10:00"))
    by_decree = judged(DECREE_61, *events)
    assert (by_decree.refused, by_decree.verdict, by_decree.national) == (["supplement_limit"], "early", "overdue")
    special = judged(STATE_BANK, *events)
    assert (special.refused, special.verdict, special.national) == (["supplement_late"], "early", "overdue")


@pytest.mark.parametrize(
    ("rule", "until", "lapse"),
    [(DECREE_61, None, Lapse.NOTHING), (STATE_BANK, "Tuesday 2026-09-08 17:00", Lapse.CLOSE)],
)
def test_how_long_the_applicant_has(rule: SupplementRule, until: str | None, lapse: Lapse) -> None:
    clock = a_clock(working_days(7), rule=rule)
    found = answer_due_after(at("Friday 2026-07-10 10:00"), clock, accepted=True)  # 60 days: 8/9
    assert (found.at if found else None) == (at(until) if until else None)
    assert rule.lapse is lapse
    assert answer_due_after(at("Friday 2026-07-10 10:00"), clock, accepted=False) is None
