"""Which law rules what is asked of an applicant: how often, until when, and what it makes of the clock.

The rules are dated data (table supplement_rule); here is what they mean. A dossier keeps the rule of the day on which
it was received: a later law moves nothing that is on its way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.domain.terms import Term


class SupplementEffect(StrEnum):
    """What a supplement request after acceptance does to the clock. PAUSE: the term is extended by the wait."""

    RESTART = "restart"
    PAUSE = "pause"
    CONTINUE = "continue"


class Lapse(StrEnum):
    """What happens when the applicant has not completed the dossier in time."""

    NOTHING = "nothing"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class SupplementRule:
    """What a law says of supplements. None: it does not say.

    limit: how many requests after acceptance; ask_within: in how many working days of reception one may be asked;
    answer_within: how long the applicant has; submission_within: the same before acceptance. lapse: what happens then,
    and `notice` what the applicant is told. regime, citation: the law, short and to the article. confirmed: false where
    its text was not read.
    """

    effect: SupplementEffect
    limit: int | None = None
    ask_within: int | None = None
    answer_within: Term | None = None
    submission_within: Term | None = None
    lapse: Lapse = Lapse.NOTHING
    notice: str = ""
    regime: str = ""
    citation: str = ""
    confirmed: bool = False


#: Where no rule holds: the rule of every decree so far, and said to be no more than that.
NO_RULE = SupplementRule(SupplementEffect.RESTART, regime="–")


@dataclass(frozen=True, slots=True)
class Regime:
    """A rule and the period in which dossiers received come under it, both days included; None: open. `procedure`: the
    national core of the one it is for, None for the general rule."""

    rule: SupplementRule
    valid_from: date | None = None
    valid_to: date | None = None
    procedure: str | None = None

    def in_force(self, day: date) -> bool:
        """Whether a dossier received on `day` comes under it."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class Regimes:
    """All rules, ready to be asked."""

    def __init__(self, regimes: Iterable[Regime] = ()) -> None:
        self.all: Sequence[Regime] = tuple(regimes)
        found: dict[str | None, list[Regime]] = {}
        for regime in self.all:
            found.setdefault(regime.procedure, []).append(regime)
        self._of: Mapping[str | None, Sequence[Regime]] = found

    def on(self, procedure: str | None, day: date) -> SupplementRule:
        """The rule for a dossier of a procedure (its national core) received on `day`: the special law goes before the
        general one."""
        for scope in (procedure, None) if procedure in self._of else (None,):
            for regime in self._of.get(scope, ()):
                if regime.in_force(day):
                    return regime.rule
        return NO_RULE
