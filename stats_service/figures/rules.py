"""From sums of counts to figures, and from figures to rates. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Sums(NamedTuple):
    """Counts summed over all days before a boundary: the metrics of shared.domain.counts, then two of its channels."""

    received: int = 0
    resolved: int = 0
    resolved_early: int = 0
    resolved_on_day: int = 0
    resolved_without_term: int = 0
    fell_late: int = 0
    late_settled: int = 0
    paused_net: int = 0
    received_online: int = 0
    received_post: int = 0


NOTHING = Sums()


class Figures(NamedTuple):
    """The counts of a report's row. All are sums over dossiers, so figures of disjoint sets add up.

    Those with a zero beside them are made on demand, straight from the dossiers, where a definition asks for them
    (stats_service.on_time.rules): elsewhere they are not reckoned and not shown.
    """

    carried_over: int
    received: int
    received_online: int
    received_counter: int
    received_post: int
    to_handle: int
    resolved: int
    resolved_early: int
    resolved_on_day: int
    resolved_late: int
    resolved_on_time: int
    resolved_without_term: int
    pending: int
    pending_in_term: int
    pending_overdue: int
    pending_paused: int
    resolved_otherwise: int = 0
    uncollected: int = 0
    pending_due_now: int = 0
    pending_nearly_due: int = 0
    pending_paused_overdue: int = 0
    due_in_period: int = 0
    due_on_time: int = 0
    due_late: int = 0
    due_overdue: int = 0
    due_in_term: int = 0
    due_otherwise: int = 0
    national_on_time: int = 0
    national_overdue: int = 0

    def wire(self) -> dict[str, object]:
        """The standing counts and the rates, by name, in the order of the contract."""
        return {**dict(zip(STANDING, self, strict=False)), **rates(self)}


ON_DEMAND = tuple(Figures._field_defaults)
STANDING = Figures._fields[: -len(ON_DEMAND)]
ZERO = Figures(*([0] * len(Figures._fields)))


def figures(before: Sums, through: Sums) -> Figures:
    """The figures of a period from the sums before its first day and the sums through its last day."""
    carried_over = before.received - before.resolved
    received = through.received - before.received
    online = through.received_online - before.received_online
    post = through.received_post - before.received_post
    resolved = through.resolved - before.resolved
    early = through.resolved_early - before.resolved_early
    on_day = through.resolved_on_day - before.resolved_on_day
    pending = through.received - through.resolved
    overdue = through.fell_late - through.late_settled
    return Figures(
        carried_over=carried_over,
        received=received,
        received_online=online,
        received_counter=received - online - post,
        received_post=post,
        to_handle=carried_over + received,
        resolved=resolved,
        resolved_early=early,
        resolved_on_day=on_day,
        resolved_late=resolved - early - on_day,
        resolved_on_time=early + on_day,
        resolved_without_term=through.resolved_without_term - before.resolved_without_term,
        pending=pending,
        pending_in_term=pending - overdue,
        pending_overdue=overdue,
        pending_paused=through.paused_net,
    )


def added(parts: Iterable[Figures]) -> Figures:
    """The figures of disjoint sets of dossiers taken together."""
    columns = list(zip(*parts, strict=True))
    return Figures(*map(sum, columns)) if columns else ZERO


def rate(part: int, whole: int, decimals: int = 2) -> str | None:
    """`part` in percent of `whole`, rounded half up on its own; None when there is nothing to divide by."""
    if whole == 0:
        return None
    unit: int = 10**decimals
    shares = (part * 200 * unit + whole) // (2 * whole)
    return f"{shares // unit}.{shares % unit:0{decimals}d}" if decimals else str(shares)


_TERM = re.compile(r"([+-]?)\s*([a-z_]+)")


def terms_of(formula: str) -> list[tuple[int, str]]:
    """The figures of a sum such as `resolved_early + resolved_on_day - resolved_without_term`, with their signs."""
    return [(-1 if sign == "-" else 1, name) for sign, name in _TERM.findall(formula)]


def summed(formula: str, figures_by_name: Mapping[str, int]) -> int:
    """What such a sum makes. KeyError: a figure is not there."""
    return sum(sign * figures_by_name[name] for sign, name in terms_of(formula))


def rates(row: Figures) -> dict[str, str | None]:
    """The four rates, each rounded on its own. Three denominators are in use in the field, so each has its name."""
    return {
        "on_time_rate": rate(row.resolved_on_time, row.resolved),
        "late_rate": rate(row.resolved_late, row.resolved),
        "received_on_time_rate": rate(row.resolved_on_time, row.to_handle),
        "national_on_time_rate": rate(row.resolved_on_time + row.pending_in_term, row.to_handle),
    }


def broken_identities(row: Figures) -> list[str]:
    """The identities of report 06/VPCP/KSTT that a row breaks: none, ever."""
    held = {
        "to_handle = carried_over + received": row.to_handle == row.carried_over + row.received,
        "to_handle = resolved + pending": row.to_handle == row.resolved + row.pending,
        "received = online + counter + post": row.received
        == row.received_online + row.received_counter + row.received_post,
        "resolved = early + on_day + late": row.resolved
        == row.resolved_early + row.resolved_on_day + row.resolved_late,
        "resolved_on_time = early + on_day": row.resolved_on_time == row.resolved_early + row.resolved_on_day,
        "pending = in_term + overdue": row.pending == row.pending_in_term + row.pending_overdue,
        "pending_paused is of pending": row.pending_paused <= row.pending,
        "due_in_period = on_time + late + overdue + in_term": row.due_in_period
        == row.due_on_time + row.due_late + row.due_overdue + row.due_in_term,
        "due_in_period is of to_handle": row.due_in_period <= row.to_handle,
        "national_on_time + national_overdue is of to_handle": row.national_on_time + row.national_overdue
        in (0, row.to_handle),
        "resolved_without_term is of resolved_on_day": row.resolved_without_term <= row.resolved_on_day,
        "no figure is negative": min(row) >= 0,
    }
    return [identity for identity, holds in held.items() if not holds]
