"""The SQL of supplement rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from intake_service.supplement_rules.rules import RuleRow, Standing
from shared.web.database import Connection, Reading, Writing

_COLUMNS = (
    "procedure_core, valid_from, valid_to, effect, request_limit, ask_within, answer_value, answer_unit,"
    " submission_value, submission_unit, lapse, notice, regime, citation, basis, confirmed"
)
_SAID = _COLUMNS.removeprefix("procedure_core, valid_from, ")
_VALUES = ", ".join(f"${number}" for number in range(3, 17))

# What an operator entered, ended or replaced stays as it is.
_CHANGE = f"""
UPDATE supplement_rule SET ({_SAID}) = ROW({_VALUES})
WHERE procedure_core IS NOT DISTINCT FROM $1 AND valid_from IS NOT DISTINCT FROM $2
  AND entered_by IS NULL AND NOT replaced AND ({_SAID}) IS DISTINCT FROM ({_VALUES})
"""

_ADD = f"""
INSERT INTO supplement_rule ({_COLUMNS}) SELECT $1, $2, {_VALUES}
WHERE NOT EXISTS (
  SELECT FROM supplement_rule r WHERE r.procedure_core IS NOT DISTINCT FROM $1
  AND (r.valid_from IS NOT DISTINCT FROM $2
       OR NOT r.replaced AND r.entered_by IS NOT NULL AND r.period && daterange($2, $3, '[]')))
"""

_ENTER = f"""
INSERT INTO supplement_rule ({_COLUMNS}, decision, reason, entered_by, entered_at)
VALUES ($1, $2, {_VALUES}, $17, $18, $19, $20)
"""

_SHOWN = f"SELECT id, {_COLUMNS}, decision, reason, entered_at, replaced FROM supplement_rule"


async def lock(connection: Connection) -> None:
    """Two changes at once: the second waits, and finds what the first left."""
    await connection.execute("LOCK TABLE supplement_rule IN SHARE ROW EXCLUSIVE MODE")


async def change_rules(connection: Connection, rows: Sequence[RuleRow]) -> int:
    """Bring the rules that came with the product to what the list says; how many changed."""
    return sum([_count(await connection.execute(_CHANGE, *_values(row))) for row in rows])


async def add_rules(connection: Connection, rows: Sequence[RuleRow]) -> int:
    """Add the rules that are not there yet, where an operator has entered none; how many."""
    return sum([_count(await connection.execute(_ADD, *_values(row))) for row in rows])


async def standing(connection: Connection, procedure: str | None) -> list[Standing]:
    """The rules of one procedure (its national core), or the general ones, that were not replaced."""
    rows = await connection.fetch(
        "SELECT id, procedure_core, valid_from, valid_to FROM supplement_rule"
        " WHERE procedure_core IS NOT DISTINCT FROM $1 AND NOT replaced",
        procedure,
    )
    return [Standing(*row) for row in rows]


async def standing_one(connection: Connection, rule_id: int) -> Standing | None:
    """One rule that was not replaced."""
    row = await connection.fetchrow(
        "SELECT id, procedure_core, valid_from, valid_to FROM supplement_rule WHERE id = $1 AND NOT replaced", rule_id
    )
    return Standing(*row) if row else None


@dataclass(frozen=True, slots=True)
class By:
    """Who changes a rule, when, by which decision and why."""

    subject: str
    at: datetime
    decision: str
    reason: str


async def enter(connection: Writing, row: RuleRow, by: By) -> None:
    """Store a rule that an operator enters."""
    await connection.execute(_ENTER, *_values(row), by.decision, by.reason, by.subject, by.at)


async def replace(connection: Writing, ids: Sequence[int], by: By) -> None:
    """Say of rules that another took their place: they never hold again."""
    await connection.execute(
        f"UPDATE supplement_rule SET replaced = true, {_BY} WHERE id = ANY($1::int[])", ids, *_by(by)
    )


async def end(connection: Writing, ids: Sequence[int], last: date, by: By) -> None:
    """Let rules end with the day `last`."""
    await connection.execute(
        f"UPDATE supplement_rule SET valid_to = $6, {_BY} WHERE id = ANY($1::int[])", ids, *_by(by), last
    )


# What was said when it was entered stays, before what is said now.
_BY = (
    "decision = concat_ws('; ', decision, $2::text), reason = concat_ws('; ', reason, $3::text),"
    " entered_by = $4, entered_at = $5"
)


def _by(by: By) -> tuple[object, ...]:
    return (by.decision, by.reason, by.subject, by.at)


async def one(connection: Connection, rule_id: int) -> asyncpg.Record | None:
    """A rule as it stands, replaced or not."""
    return await connection.fetchrow(f"{_SHOWN} WHERE id = $1", rule_id)


async def latest(connection: Connection, procedure: str | None, begin: date | None) -> asyncpg.Record | None:
    """The rule of a procedure from a first day on that was entered last."""
    return await connection.fetchrow(
        f"{_SHOWN} WHERE procedure_core IS NOT DISTINCT FROM $1 AND valid_from IS NOT DISTINCT FROM $2"
        " ORDER BY id DESC LIMIT 1",
        procedure,
        begin,
    )


async def holding(connection: Reading, procedure: str | None, day: date) -> asyncpg.Record | None:
    """The rule for a dossier of a procedure received on `day`: the special law goes before the general one."""
    return await connection.fetchrow(
        f"{_SHOWN} WHERE (procedure_core = $1 OR procedure_core IS NULL) AND period @> $2::date AND NOT replaced"
        " ORDER BY procedure_core NULLS LAST LIMIT 1",
        procedure,
        day,
    )


async def page(connection: Reading, day: date | None, before: int | None, limit: int) -> list[asyncpg.Record]:
    """The rules in force on `day` (None: all that ever were), the latest entered first, below the id `before`."""
    return await connection.fetch(
        f"{_SHOWN} WHERE ($1::date IS NULL OR period @> $1::date AND NOT replaced) AND ($2::int IS NULL OR id < $2)"
        " ORDER BY id DESC LIMIT $3",
        day,
        before,
        limit,
    )


def _values(row: RuleRow) -> tuple[object, ...]:
    regime, rule = row.regime, row.regime.rule
    answer, submission = rule.answer_within, rule.submission_within
    return (
        *(regime.procedure, regime.valid_from, regime.valid_to, rule.effect.value, rule.limit, rule.ask_within),
        *((answer.value, answer.unit.value) if answer else (None, None)),
        *((submission.value, submission.unit.value) if submission else (None, None)),
        *(rule.lapse.value, rule.notice or None, rule.regime, rule.citation, row.basis, rule.confirmed),
    )


def _count(status: str) -> int:
    return int(status.rsplit(" ", 1)[-1])
