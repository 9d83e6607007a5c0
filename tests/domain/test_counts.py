"""Số liệu: what an event adds to the counts. However a dossier came to its facts, the sum is what its last facts add,
and at any day D(≤b) − M(≤b) is the number of dossiers overdue then (design: pending overdue at b)."""

from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.counts import METRICS, Facts, contributions, moves
from tests.domain.builders import facts

DAYS = [date(2019, 1, 1) + timedelta(days=n) for n in range(110)]
#: The facts after each event, with the day on which the event happened.
histories = st.lists(st.tuples(facts, st.sampled_from(DAYS)), min_size=1, max_size=8)
Cell = tuple[int, int, date, str]


def folded(history: list[tuple[Facts, date]]) -> Counter[Cell]:
    """The histogram after folding all events of one dossier; cells that are zero left out."""
    found: Counter[Cell] = Counter()
    before: Facts | None = None
    pauses: list[tuple[date, int]] = []
    for after, day in history:
        for agency, channel, on, metric, by in moves(before, after, day, pauses):
            found[agency, channel, on, metric] += by
        if after.paused != (before is not None and before.paused):
            pauses.append((day, 1 if after.paused else -1))
        before = after
    return Counter({cell: by for cell, by in found.items() if by})


def paused_net(history: list[tuple[Facts, date]]) -> Counter[Cell]:
    """When the dossier began and ceased to wait, all of it where the dossier stands at last."""
    found: Counter[Cell] = Counter()
    paused = False
    last = history[-1][0]
    for after, day in history:
        if after.paused != paused:
            found[last.agency_id, last.channel, day, "paused_net"] += 1 if after.paused else -1
        paused = after.paused
    return Counter({cell: by for cell, by in found.items() if by})


@given(histories)
def test_folding_any_history_gives_what_the_last_facts_add(history: list[tuple[Facts, date]]) -> None:
    last = history[-1][0]
    expected = Counter((last.agency_id, last.channel, day, metric) for day, metric in contributions(last))
    expected.update(paused_net(history))
    assert folded(history) == Counter({cell: by for cell, by in expected.items() if by})


def up_to(cells: Counter[Cell], metric: str, day: date) -> int:
    return sum(by for (_, _, on, name), by in cells.items() if name == metric and on <= day)


@given(st.lists(histories, max_size=5), st.sampled_from(DAYS))
def test_pending_and_overdue_of_any_day_are_differences(dossiers, day: date) -> None:
    cells: Counter[Cell] = Counter()
    for history in dossiers:
        cells.update(folded(history))
    last = [history[-1][0] for history in dossiers]
    open_then = [f for f in last if f.received_day <= day and (f.finished_day is None or f.finished_day > day)]
    overdue_then = [f for f in open_then if f.late_day is not None and f.late_day <= day]
    assert up_to(cells, "received", day) - up_to(cells, "resolved", day) == len(open_then)
    assert up_to(cells, "fell_late", day) - up_to(cells, "late_settled", day) == len(overdue_then)


@given(st.lists(histories, max_size=5))
def test_paused_at_the_end_is_the_sum_of_the_changes(dossiers) -> None:
    cells: Counter[Cell] = Counter()
    for history in dossiers:
        cells.update(folded(history))
    assert up_to(cells, "paused_net", date.max) == sum(history[-1][0].paused for history in dossiers)


@given(facts)
def test_one_dossier_is_counted_once_in_every_place(one: Facts) -> None:
    counted = Counter(metric for _, metric in contributions(one))
    assert set(counted) <= set(METRICS)
    assert max(counted.values()) == 1
    assert counted["received"] == 1
    assert counted["resolved"] == (one.finished_day is not None)
    assert counted["resolved_early"] + counted["resolved_on_day"] <= counted["resolved"]
    assert counted["resolved_without_term"] <= counted["resolved_on_day"], "without a term it is on time in name only"
    assert counted["late_settled"] <= counted["fell_late"]


def test_a_moved_due_date_is_one_less_on_the_old_day_and_one_more_on_the_new() -> None:
    old = Facts(1, 1, date(2019, 7, 22), date(2019, 7, 29), date(2019, 7, 30))
    new = old._replace(due_day=date(2019, 8, 1), late_day=date(2019, 8, 2))
    found: Counter[Cell] = Counter()
    for agency, channel, on, metric, by in moves(old, new, date(2019, 7, 25)):
        found[agency, channel, on, metric] += by
    changed = {cell: by for cell, by in found.items() if by}
    assert changed == {(1, 1, date(2019, 7, 30), "fell_late"): -1, (1, 1, date(2019, 8, 2), "fell_late"): 1}


def test_a_dossier_finished_on_its_late_day_was_never_pending_overdue_at_the_days_end() -> None:
    """Hour terms: the due day is the late day itself."""
    day = date(2019, 7, 22)
    cells = folded([(Facts(1, 1, day, day, day), day), (Facts(1, 1, day, day, day, day, 2), day)])
    assert up_to(cells, "fell_late", day) == up_to(cells, "late_settled", day) == 1
