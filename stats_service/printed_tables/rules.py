"""Whether a printed table can be true at all: its sums, and its percentages by the definition it names. Pure.

It needs no dossiers, only what is printed, so any table of any province can be looked at before it is believed.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from stats_service.figures.rules import rate, summed, terms_of
from stats_service.on_time.rules import BY_ID

#: What holds among figures: a figure, and the sum that it is.
IDENTITIES = (
    ("to_handle", "carried_over + received"),
    ("to_handle", "resolved + pending"),
    ("received", "received_online + received_counter + received_post"),
    ("resolved", "resolved_early + resolved_on_day + resolved_late"),
    ("resolved", "resolved_on_time + resolved_late"),
    ("resolved_on_time", "resolved_early + resolved_on_day"),
    ("pending", "pending_in_term + pending_overdue"),
    ("due_in_period", "due_on_time + due_late + due_overdue + due_in_term"),
    ("to_handle", "national_on_time + national_overdue"),
)


class Breach(NamedTuple):
    """What a table breaks. difference: printed less computed, in dossiers or in points of percent."""

    what: str
    printed: Decimal
    computed: Decimal | None

    @property
    def difference(self) -> Decimal | None:
        """None where nothing can be computed: a percentage of nothing."""
        return self.printed - self.computed if self.computed is not None else None


def breaches(
    figures: Mapping[str, int],
    rates: Mapping[tuple[str, str], Decimal] | None = None,
    *,
    also: Iterable[tuple[str, str]] = (),
) -> list[Breach]:
    """What the printed figures and rates of one row break; empty where they agree. What is not printed is not checked.

    figures: by name of the figure. rates: (definition, rate) → as printed, with as many decimals as were printed.
    also: sums that the table itself claims, of columns that are no figures."""
    return [*_sums(figures, [*IDENTITIES, *also]), *_rates(figures, rates or {})]


def _sums(figures: Mapping[str, int], identities: Iterable[tuple[str, str]]) -> Iterable[Breach]:
    for name, sum_ in identities:
        if name in figures and _printed(sum_, figures):
            computed = summed(sum_, figures)
            if computed != figures[name]:
                yield Breach(f"{name} = {sum_}", Decimal(figures[name]), Decimal(computed))


def _rates(figures: Mapping[str, int], rates: Mapping[tuple[str, str], Decimal]) -> Iterable[Breach]:
    for (definition, name), printed in rates.items():
        made = next(each for each in BY_ID[definition].rates if each.name == name)
        if not (_printed(made.numerator, figures) and _printed(made.denominator, figures)):
            continue
        value = rate(summed(made.numerator, figures), summed(made.denominator, figures), decimals_of(printed))
        if value is None or Decimal(value) != printed:
            what = f"{definition}: {name} = ({made.numerator}) / ({made.denominator})"
            yield Breach(what, printed, Decimal(value) if value is not None else None)


def _printed(sum_: str, figures: Mapping[str, int]) -> bool:
    return all(name in figures for _, name in terms_of(sum_))


def decimals_of(printed: Decimal) -> int:
    """How many decimals were printed: 86.5 has one, 78 none."""
    exponent = printed.as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0
