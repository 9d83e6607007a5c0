"""What a set of working hours has to be. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from itertools import pairwise

from shared.domain.working_calendar import SATURDAY
from shared.web.problems import Reason


@dataclass(frozen=True, slots=True)
class Block:
    """One block of work on a weekday, 0 Monday … 5 Saturday."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class HoursRow:
    """A block as it stands in the table, with its period, both days included; None: open."""

    block: Block
    valid_from: date | None
    valid_to: date | None
    basis: str

    def in_force(self, day: date) -> bool:
        """Whether it held on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


def refused(blocks: Sequence[Block], valid_from: date, today: date) -> list[Reason]:
    """Every reason why these cannot be an agency's hours from a day on. No blocks at all: the installation's again."""
    return [*_in_past(valid_from, today), *_misplaced(blocks), *_without_hours(blocks)]


def _in_past(valid_from: date, today: date) -> Iterator[Reason]:
    """Dates were promised by the hours of then, and today they are being promised by today's."""
    if valid_from < today:
        yield Reason("valid_from", "in_past")
    elif valid_from == today:
        yield Reason("valid_from", "day_begun", {"day": (today + timedelta(days=1)).isoformat()})


def _misplaced(blocks: Sequence[Block]) -> Iterator[Reason]:
    for place, block in enumerate(blocks):
        if block.closes <= block.opens:
            yield Reason(f"blocks.{place}.closes", "closes_before_opening")
    ordered = sorted(enumerate(blocks), key=lambda each: (each[1].weekday, each[1].opens))
    for (_, before), (place, after) in pairwise(ordered):
        if before.weekday == after.weekday and after.opens < before.closes:
            yield Reason(f"blocks.{place}.opens", "overlaps_block")


def _without_hours(blocks: Sequence[Block]) -> Iterator[Reason]:
    """A term in working days counts every weekday, and a make-up Saturday is worked like a Monday."""
    open_on = {block.weekday for block in blocks}
    missing = [str(weekday) for weekday in range(SATURDAY) if weekday not in open_on]
    if blocks and missing:
        yield Reason("blocks", "weekday_without_hours", {"weekdays": ", ".join(missing)})


def unchanged(standing: Sequence[HoursRow], blocks: Sequence[Block], valid_from: date, basis: str) -> bool:
    """Whether what stands from a day on is exactly this already."""
    later = {row for row in standing if row.valid_to is None or row.valid_to >= valid_from}
    return later == {HoursRow(block, valid_from, None, basis) for block in blocks}
