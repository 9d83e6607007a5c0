"""Which rule takes the place of which. A dossier keeps the rule of the day on which it was received, so a new one holds
from a day to come; one that reaches back says so. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from shared.domain.regimes import Lapse, Regime
from shared.web.problems import Problem, Reason


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule as it comes with the product or from an operator. basis: where it comes from, and how sure it is."""

    regime: Regime
    basis: str


@dataclass(frozen=True, slots=True)
class RulesLoaded:
    """What a load changed."""

    added: int
    changed: int

    @property
    def anything(self) -> bool:
        """Whether readers have to read again."""
        return bool(self.added or self.changed)


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule that stands in the table and was not replaced."""

    id: int
    procedure: str | None
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Placed:
    """What a new rule does to those of the same procedure: `replaced` never hold again, `ended` end the day before."""

    replaced: tuple[int, ...]
    ended: tuple[int, ...]


class BrokenRules(ValueError):
    """The list contradicts itself: two rules for one procedure on one day, or days without a general rule."""


def need_whole(rows: Iterable[RuleRow]) -> None:
    """Raise BrokenRules unless one rule holds in general on every day, and at most one for a procedure."""
    by_scope: dict[str | None, list[Regime]] = {None: []}
    for row in rows:
        by_scope.setdefault(row.regime.procedure, []).append(row.regime)
    for scope, regimes in by_scope.items():
        ordered = sorted(regimes, key=_begin)
        for before, after in pairwise(ordered):
            if before.valid_to is None or after.valid_from is None or before.valid_to >= after.valid_from:
                raise BrokenRules(f"two rules hold for {scope or 'all procedures'} on {after.valid_from}")
            if scope is None and before.valid_to + timedelta(days=1) != after.valid_from:
                raise BrokenRules(f"no general rule holds before {after.valid_from}")
        if scope is None and (not ordered or ordered[0].valid_from is not None or ordered[-1].valid_to is not None):
            raise BrokenRules("the general rules leave days without one")


def placed(standing: Sequence[Standing], new: Regime, today: date, *, retroactive: bool) -> Placed | Problem:
    """How a new rule takes its place among the `standing` ones of the same procedure. It holds from its first day on
    for good: what began then or later is replaced, what held before ends the day before."""
    reasons = [*_incomplete(new), *_back_dated("valid_from", new.valid_from, today, retroactive=retroactive)]
    if reasons:
        return Problem("invalid_request", *reasons)
    begin = _begin(new)
    return Placed(
        tuple(rule.id for rule in standing if _begin(rule) >= begin),
        tuple(
            rule.id for rule in standing if _begin(rule) < begin and (rule.valid_to is None or rule.valid_to >= begin)
        ),
    )


def ended(standing: Standing, last: date, today: date, *, retroactive: bool) -> Reason | None:
    """Why a rule cannot end with `last`. The general rule does not end: another takes its place."""
    if standing.procedure is None:
        return Reason("", "general_rule_needs_another")
    if standing.valid_from is not None and last < standing.valid_from:
        return Reason("valid_to", "period_reversed")
    if standing.valid_to is not None and last >= standing.valid_to:
        return Reason("valid_to", "ended_before", {"day": standing.valid_to.isoformat()})
    return next(_back_dated("valid_to", last + timedelta(days=1), today, retroactive=retroactive), None)


def _incomplete(new: Regime) -> Iterator[Reason]:
    """What closes a dossier says when and why."""
    rule = new.rule
    if rule.lapse is Lapse.CLOSE:
        if rule.answer_within is None and rule.submission_within is None:
            yield Reason("answer_within", "required")
        if not rule.notice:
            yield Reason("notice", "required")


def _back_dated(field: str, changes_on: date | None, today: date, *, retroactive: bool) -> Iterator[Reason]:
    """What was received today may have been promised something this morning: so from tomorrow on."""
    if not retroactive and (changes_on is None or changes_on <= today):
        yield Reason(field, "back_dated", {"day": (today + timedelta(days=1)).isoformat(), "flag": "retroactive"})


def _begin(rule: Regime | Standing) -> date:
    return rule.valid_from or date.min
