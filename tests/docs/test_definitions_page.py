"""The tables of docs/definitions.md are what the catalogue says and what a report of these very dossiers gives."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared.contracts.definitions import DEFINITION_IDS, OnTimeDefinition
from stats_service.app import create_app
from stats_service.on_time.rules import ON_TIME
from tests.stats.marginals import Kind, importing, land
from tests.support import PROVINCE, REGISTER_COPY, WARD, bearer, serving, settings_for

PAGE = Path(__file__).parents[2] / "docs" / "definitions.md"
FIRST, LAST = date(2026, 9, 1), date(2026, 9, 30)  # Tuesday, Wednesday
MONDAY, FRIDAY = date(2026, 9, 7), date(2026, 9, 11)


def _kind(count: int, due: date, finished: date | None = None, **more: Any) -> Kind:
    """Accepted on Monday 7/9, unless said otherwise."""
    return Kind(count, WARD, REGISTER_COPY, more.pop("accepted", MONDAY), due, finished, **more)


_AUGUST = date(2026, 8, 24)  # Monday
_DUE = date(2026, 9, 14)  # Monday
#: (what they are, the dossiers)
DOSSIERS = (
    ("carried over, finished a day early", _kind(60, date(2026, 9, 10), date(2026, 9, 9), accepted=_AUGUST)),
    ("carried over, finished two working days late", _kind(20, date(2026, 9, 10), _DUE, accepted=_AUGUST)),
    ("carried over, overdue since August, open", _kind(10, date(2026, 8, 28), accepted=_AUGUST)),
    ("new, finished early", _kind(570, _DUE, FRIDAY)),
    ("new, finished early, not collected", _kind(40, _DUE, FRIDAY, returned=False)),
    ("new, finished on the day", _kind(120, _DUE, _DUE)),
    ("new, finished two days late", _kind(25, _DUE, date(2026, 9, 16))),
    ("new, fell due on 21/9, open", _kind(15, date(2026, 9, 21))),
    ("new, due on 30/9, open", _kind(5, LAST)),
    ("new, due on 5/10, open", _kind(30, date(2026, 10, 5))),
    ("new, due on 12/10, open", _kind(60, date(2026, 10, 12))),
    ("new, withdrawn in time", _kind(10, _DUE, FRIDAY, outcome="withdrawn")),
    ("new, refused in time", _kind(5, _DUE, FRIDAY, outcome="refused")),
    (
        "new, asked to supplement twice, finished early",
        _kind(20, date(2026, 9, 18), date(2026, 9, 17), supplements=((MONDAY, MONDAY), (MONDAY, FRIDAY))),
    ),
    (
        "new, asked once, the term started again, finished early by that and late by the first date",
        _kind(10, date(2026, 9, 18), date(2026, 9, 17), supplements=((date(2026, 9, 8), FRIDAY),)),
    ),
)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def the_dossiers() -> str:
    """What they are and how many."""
    rows = [(what, f"{kind.count}") for what, kind in DOSSIERS]
    return _table(("dossiers", ""), [*rows, ("in all", f"{sum(kind.count for _, kind in DOSSIERS):,}")])


def the_rates(totals: Mapping[str, Mapping[str, Any]]) -> str:
    """What each definition makes of them."""
    rows = []
    for one in ON_TIME:
        for made in one.rates:
            rate = totals[one.id]["rates"][made.name]
            shown = f"{rate['value']} %", f"{rate['numerator']:,} / {rate['denominator']:,}"
            rows.append((f"`{one.id}`", made.title_vi, made.title_en, _formula(made), *shown))
    return _table(("definition", "tiếng Việt", "", "in figures", "of these", ""), rows)


def _formula(made: Any) -> str:
    if made.remainder_of:
        return f"100 % − {made.remainder_of}"
    parts = [f"({sum_})" if " " in sum_ else sum_ for sum_ in (made.numerator, made.denominator)]
    return f"`{parts[0]} / {parts[1]}`"


def the_users() -> str:
    """Who uses each, and how it is read."""
    rows = [(f"`{one.id}`", "; ".join(one.used_by), _sure(one), one.note) for one in ON_TIME]
    return _table(("definition", "used by", "confirmed", "how it is read here"), rows)


def _sure(one: OnTimeDefinition) -> str:
    return "yes" if one.confirmed else "no"


def the_columns() -> str:
    """The columns of the 766 report."""
    (one,) = (each for each in ON_TIME if each.columns)
    return _table(
        ("column", "in figures"),
        [(f"`{column.name}`", f"`{column.formula}`" if column.formula else "not counted") for column in one.columns],
    )


async def test_what_these_dossiers_are_by_each_definition(fresh_database, issuer):
    owner = await asyncpg.connect(fresh_database.owner_url)
    async with importing(fresh_database, issuer) as intake:
        assert await land(owner, intake, [kind for _, kind in DOSSIERS]) == 1000
    await owner.close()
    totals: dict[str, Any] = {}
    async with serving(create_app(settings_for(fresh_database, issuer))) as stats:
        stats.headers.update(bearer(issuer, "leader", PROVINCE))
        for one in DEFINITION_IDS:
            asked = {"agency": WARD, "from": str(FIRST), "to": str(LAST), "definition": one}
            answer = await stats.get("/v1/reports/resolution", params=asked)
            totals[one] = answer.json()["total"]
    _demand(the_rates(totals))


@pytest.mark.parametrize("made", [the_dossiers, the_users, the_columns])
def test_the_tables_are_the_catalogue(made):
    _demand(made())


def _demand(table: str) -> None:
    assert table in PAGE.read_text(encoding="utf-8"), f"docs/definitions.md is stale. The table is now:\n{table}"
