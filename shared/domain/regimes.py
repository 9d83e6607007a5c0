"""Which law ruled a dossier on the day it was accepted, and what that law makes of a supplement request."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class SupplementEffect(StrEnum):
    """What a supplement request after acceptance does to the clock."""

    RESTART = "restart"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Regime:
    """The rules in force from `valid_from` on. `confirmed` is false where the text of the law was not read."""

    name: str
    valid_from: date
    supplement_effect: SupplementEffect
    confirmed: bool


#: Newest first. Decree 61/2018 art. 19(4): the term is counted again from the beginning once the dossier is complete.
#: The articles of Decree 118/2025 on supplements were not read: the rule of 2018 is carried on until confirmed.
REGIMES = (
    Regime("118/2025/NĐ-CP", date(2025, 7, 1), SupplementEffect.RESTART, confirmed=False),
    Regime("61/2018/NĐ-CP", date(2018, 6, 21), SupplementEffect.RESTART, confirmed=True),
    Regime("09/2015/QĐ-TTg", date.min, SupplementEffect.RESTART, confirmed=False),
)


def regime_on(day: date) -> Regime:
    """The regime in force on `day`."""
    return next(regime for regime in REGIMES if day >= regime.valid_from)
