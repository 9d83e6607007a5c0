"""Which law ruled a dossier on the day it was accepted, and what that law makes of a supplement request."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class SupplementEffect(StrEnum):
    """What a supplement request after acceptance does to the clock."""

    RESTART = "restart"
    PAUSE = "pause"
    CONTINUE = "continue"


@dataclass(frozen=True, slots=True)
class SupplementRule:
    """What a law says of supplements after acceptance. limit: how many requests; ask_within: in how many working days
    of reception one may be asked; answer_within: how many working days the applicant has. None: it does not say."""

    effect: SupplementEffect
    limit: int | None = None
    ask_within: int | None = None
    answer_within: int | None = None


@dataclass(frozen=True, slots=True)
class Regime:
    """The rules in force from `valid_from` on. `confirmed` is false where the text of the law was not read."""

    name: str
    valid_from: date
    supplement: SupplementRule
    confirmed: bool


#: Once and in full, within three working days of reception; then the term is counted again from the beginning.
_ONCE_AND_ANEW = SupplementRule(SupplementEffect.RESTART, limit=1, ask_within=3)
#: Newest first. Decree 61/2018 art. 11(2)c and 19(4). The articles of Decree 118/2025 on supplements were not read: the
#: rule of 2018 is carried on until confirmed.
REGIMES = (
    Regime("118/2025/NĐ-CP", date(2025, 7, 1), _ONCE_AND_ANEW, confirmed=False),
    Regime("61/2018/NĐ-CP", date(2018, 6, 21), _ONCE_AND_ANEW, confirmed=True),
    Regime("09/2015/QĐ-TTg", date.min, SupplementRule(SupplementEffect.RESTART), confirmed=False),
)


def regime_on(day: date) -> Regime:
    """The regime in force on `day`."""
    return next(regime for regime in REGIMES if day >= regime.valid_from)
