"""From the local rate to the national one, line by line. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from shared.contracts.rates import LINES, LineName
from shared.domain.explanation import Line
from stats_service.national_verdicts.rules import TITLES as RULES


class Tally(NamedTuple):
    """So many dossiers with both standings. on_time_there: None where nothing stands there. line: why the two part;
    None: they do not."""

    late_here: bool
    there: bool
    on_time_there: bool | None
    line: LineName | None
    dossiers: int


class Step(NamedTuple):
    """A line between the two: dossiers that are late here, or on time, and there the other thing."""

    line: LineName
    late_here: bool
    dossiers: int

    @property
    def effect(self) -> int:
        """What they add to the dossiers on time."""
        return self.dossiers if self.late_here else -self.dossiers


@dataclass(frozen=True, slots=True)
class Bridge:
    """Counts over the same dossiers: on_time_here + Σ effect = on_time_there."""

    dossiers: int
    on_time_here: int
    there: int
    on_time_there: int
    steps: Sequence[Step]


def bridge(tallies: Iterable[Tally]) -> Bridge:
    """The way from one rate to the other."""
    dossiers = here = there = on_time_there = 0
    steps: dict[tuple[LineName, bool], int] = {}
    for tally in tallies:
        dossiers += tally.dossiers
        here += tally.dossiers * (not tally.late_here)
        there += tally.dossiers * tally.there
        on_time_there += tally.dossiers * bool(tally.on_time_there)
        if tally.line is not None:
            side = (tally.line, tally.late_here)
            steps[side] = steps.get(side, 0) + tally.dossiers
    ordered = [Step(line, late, steps[line, late]) for line in LINES for late in (False, True) if (line, late) in steps]
    return Bridge(dossiers, here, there, on_time_there, ordered)


_DATA: Mapping[str, Line] = MappingProxyType(
    {
        "not_compared": Line(
            "Chưa đối soát: chưa biết ở cổng có gì", "Never compared: nobody knows what stands at the portal"
        ),
        "never_told": Line("Chưa từng gửi lên cổng", "Never sent to the portal"),
        "on_its_way": Line("Đang chờ gửi", "Still to be sent"),
        "blocked": Line("Thiếu dữ liệu nên chưa gửi được", "Something is missing, so it cannot be sent"),
        "dead": Line("Cổng từ chối", "The portal refuses it"),
        "lost": Line(
            "Đã được nhận trước đây, nay không còn ở cổng", "It was taken there once, and is not there any more"
        ),
        "since_compared": Line(
            "Có diễn biến mới sau lần đối soát gần nhất", "Something happened since it was compared last"
        ),
        "status": Line("Trạng thái ở cổng khác", "Another status stands at the portal"),
        "dates": Line("Ngày ở cổng khác", "Other dates stand at the portal"),
    }
)
#: What each line is called.
TITLES: Mapping[str, Line] = MappingProxyType({**_DATA, **dict(RULES.items())})
