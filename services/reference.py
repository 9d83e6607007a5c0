"""The reference data that comes with the product: agencies, calendar, procedures, supplement rules, forms,
forms of official tables, examples of workflows. Read from CSV, loaded by the rooms.

The files, their sources and their traps: services/reference_data/README.md.
"""

import csv
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from importlib.resources import files
from io import StringIO
from typing import TypeAlias

import asyncpg

from intake_service.forms.rules import FormsLoaded, FormVersion
from intake_service.forms.usecases import load_forms
from intake_service.procedures.rules import (
    ProcedureRow,
    ProceduresLoaded,
    PublishedLine,
    offers_of,
    terms_of,
)
from intake_service.procedures.usecases import load_procedures
from intake_service.supplement_rules.rules import RuleRow, RulesLoaded
from intake_service.supplement_rules.usecases import load_supplement_rules
from routing_service.agencies.rules import AgenciesLoaded, SuccessionRow, UnitRow
from routing_service.agencies.usecases import load_agencies
from routing_service.calendars.rules import CalendarLoaded, DayRow
from routing_service.calendars.usecases import load_calendar
from routing_service.workflows.rules import Definition, Kind, Relation, Step, StepRole
from routing_service.workflows.usecases import load_workflows
from services.province import LAST_DAY_OF_45
from shared.domain.agencies import Level
from shared.domain.codes import ProcedureCode
from shared.domain.lifecycle import Channel
from shared.domain.regimes import Lapse, Regime, Regimes, SupplementEffect, SupplementRule
from shared.domain.terms import Term, TermUnit
from shared.domain.vietnamese import normalised
from shared.domain.working_calendar import DayKind
from stats_service.official_tables.rules import OfficialForm, OfficialFormsLoaded
from stats_service.official_tables.usecases import load_official_forms

Line: TypeAlias = dict[str, str]

#: The years that calendar_vn.csv covers from the first day to the last.
CALENDAR_YEARS = range(2018, 2028)
#: Resolution 832/NQ-UBTVQH14: communes merged into new ones on this day.
COMMUNES_OF_2020 = date(2020, 1, 1)
CATALOGUE_BASIS = "national portal, mid-2026; stands in for earlier years, whose catalogue is not public"

_LEVELS = {"bo": Level.MINISTRY, "tinh": Level.PROVINCE, "huyen": Level.DISTRICT, "xa": Level.COMMUNE}
_CHANNELS = {"in_person": Channel.COUNTER, "online": Channel.ONLINE, "post": Channel.POST}
#: Where the catalogue names no way to hand in: the two that every one-stop has (Decree 61/2018 art. 16).
_USUAL_CHANNELS = (Channel.COUNTER, Channel.POST)
_UNITS = {
    "working_day": TermUnit.WORKING_DAY,
    "day": TermUnit.CALENDAR_DAY,
    "hour": TermUnit.WORKING_HOUR,
    "month": TermUnit.MONTH,
    "same_day": TermUnit.SAME_DAY,
}


@dataclass(frozen=True, slots=True)
class LoadSummary:
    """What loading the reference data changed, noun by noun."""

    agencies: AgenciesLoaded
    calendar: CalendarLoaded
    procedures: ProceduresLoaded
    supplement_rules: RulesLoaded
    forms: FormsLoaded
    workflows: int
    official_forms: OfficialFormsLoaded

    @property
    def anything(self) -> bool:
        """Whether anything was new."""
        loaded = (self.agencies, self.calendar, self.procedures, self.supplement_rules, self.forms, self.official_forms)
        return any(each.anything for each in loaded) or bool(self.workflows)


async def load_reference(url_of: Callable[[str], str]) -> LoadSummary:
    """Load all of it into a migrated database; `url_of` gives a role's login. Safe to repeat at every start."""
    async with _connected(url_of("motcua_routing")) as routing:
        loaded_agencies = await load_agencies(routing, *agencies())
        loaded_calendar = await load_calendar(routing, calendar_days(), CALENDAR_YEARS)
        loaded_workflows = await load_workflows(routing, workflows())
    async with _connected(url_of("motcua_intake")) as intake:
        loaded_rules = await load_supplement_rules(intake, supplement_rules())
        loaded_procedures = await load_procedures(intake, procedures())
        loaded_forms = await load_forms(intake, forms())
    async with _connected(url_of("motcua_stats")) as stats:
        loaded_official_forms = await load_official_forms(stats, official_forms())
    return LoadSummary(
        loaded_agencies,
        loaded_calendar,
        loaded_procedures,
        loaded_rules,
        loaded_forms,
        loaded_workflows,
        loaded_official_forms,
    )


def agencies() -> tuple[list[UnitRow], list[SuccessionRow]]:
    """The units of Quảng Trị from 2019 on, and who took over from whom."""
    return parse_agencies(lines_of("agencies_quangtri_2019.csv"), lines_of("agencies_quangtri_2025.csv"))


def calendar_days() -> list[DayRow]:
    """The days off and make-up days of public servants in CALENDAR_YEARS."""
    return parse_calendar(lines_of("calendar_vn.csv"))


def procedures() -> list[ProcedureRow]:
    """The catalogue of administrative procedures."""
    return parse_procedures(lines_of("procedures.csv"), lines_of("procedure_channels.csv"))


def supplement_rules() -> list[RuleRow]:
    """What the laws say of supplements, by the day of reception."""
    return [_supplement_rule(line) for line in lines_of("supplement_rules.csv")]


def regimes() -> Regimes:
    """The same, ready to be asked."""
    return Regimes(row.regime for row in supplement_rules())


def forms() -> list[FormVersion]:
    """The forms of the circulars, with the periods in which they hold."""
    return parse_forms(lines_of("forms.csv"))


def official_forms() -> list[OfficialForm]:
    """The forms under which the table of 13 columns is sent."""
    return [_official_form(line) for line in lines_of("official_forms.csv")]


def workflows() -> list[Definition]:
    """Real workflows of elsewhere, as far as they are known: examples, which hold for nobody here."""
    return parse_workflows(lines_of("workflows.csv"), lines_of("workflow_steps.csv"))


def lines_of(name: str) -> Iterator[Line]:
    """The lines of one of the files, column by column, as text."""
    text = (files("services") / "reference_data" / name).read_text(encoding="utf-8")
    return csv.DictReader(StringIO(text, newline=""))


def parse_agencies(lines_2019: Iterable[Line], lines_2025: Iterable[Line]) -> tuple[list[UnitRow], list[SuccessionRow]]:
    """Units and successions from the two lists: as of 2019 (with what became of each), and since 1/7/2025."""
    lines_2019, lines_2025 = list(lines_2019), list(lines_2025)
    then = {line["unit_code"]: _unit(line, ends=LAST_DAY_OF_45) for line in lines_2019}
    now = {line["unit_code"]: _unit(line) for line in lines_2025}
    between = _units_of_2020(lines_2019, then)
    links: dict[tuple[UnitRow, UnitRow], str | None] = {}
    for line in lines_2019:
        unit = then[line["unit_code"]]
        if unit.valid_to == date(2019, 12, 31):
            for heir in _heirs_of_2020(line, lines_2019, then, between):
                links[unit, heir] = None
                if heir.key not in {known.key for known in then.values()}:
                    links[heir, now[line["successor_code"]]] = None
        else:
            links.update(_heirs_of_2025(unit, line, now))
    links.update(_heirs_by_name(lines_2025, then, now))
    successions = [SuccessionRow(old.key, new.key, note) for (old, new), note in links.items()]
    return [*then.values(), *between.values(), *now.values()], successions


def parse_calendar(lines: Iterable[Line]) -> list[DayRow]:
    """The calendar's rows, as they stand in the file."""
    return [
        DayRow(
            date.fromisoformat(line["date"]),
            DayKind(line["kind"]),
            normalised(line["name_vi"]),
            normalised(line["name_en"]),
            line["status"],
            line["source"],
            line["confidence"],
        )
        for line in lines
    ]


def parse_procedures(lines: Iterable[Line], channel_lines: Iterable[Line]) -> list[ProcedureRow]:
    """The catalogue: one version of each procedure, valid from the beginning."""
    published: dict[str, list[PublishedLine]] = defaultdict(list)
    for line in channel_lines:
        limit = _limit(line["value"], line["unit"])
        published[line["code"]].append(PublishedLine(_CHANNELS[line["channel"]], limit, line["time_verbatim"]))
    return [_procedure(line, published.get(line["code"], [])) for line in lines]


def parse_forms(lines: Iterable[Line]) -> list[FormVersion]:
    """The forms, as they stand in the file."""
    return [
        FormVersion(
            kind=line["kind"],
            legal_basis=line["legal_basis"],
            number=line["number"],
            title=normalised(line["title"]),
            paper=line["paper"],
            valid_from=_day(line["valid_from"]),
            valid_to=_day(line["valid_to"]),
            confirmed=line["confirmed"] == "true",
            basis=line["basis"],
        )
        for line in lines
    ]


def parse_workflows(lines: Iterable[Line], step_lines: Iterable[Line]) -> list[Definition]:
    """The examples. Where only a decision is known there are no steps."""
    steps: dict[str, list[Step]] = defaultdict(list)
    for line in step_lines:
        steps[line["workflow"]].append(
            Step(
                no=int(line["no"]),
                agency_id=None,
                relation=Relation.RECEIVING,
                department=None,
                desk=None,
                role=StepRole(line["role"]),
                task=None,
                allotted=Term(Decimal(line["value"]), _UNITS[line["unit"]]),
                follows=tuple(int(no) for no in line["after"].split(";") if no),
            )
        )
    return [
        Definition(
            code=line["code"],
            kind=Kind(line["kind"]),
            name=normalised(line["name"]),
            procedure=line["procedure"] or None,
            agency_id=None,
            level=None,
            decision=line["decision"] or None,
            decided_on=_day(line["decided_on"]),
            basis=f"{line['source']}: known is {line['known']}",
            confirmed=line["confirmed"] == "true",
            adopted=False,
            valid_from=None,
            valid_to=None,
            steps=tuple(steps[line["code"]]),
        )
        for line in lines
    ]


def _unit(line: Line, *, ends: date | None = None) -> UnitRow:
    return UnitRow(
        code=line["unit_code"],
        identification_code=line.get("ident_code_qcvn102") or line["ident_code"] or None,
        name=normalised(line["name"]),
        level=_LEVELS[line["level"]],
        kind=line["kind"],
        parent_code=line["parent_code"] or None,
        valid_from=_day(line["valid_from"]),
        valid_to=_day(line["valid_to"]) or ends,
        confirmed=line["basis"] == "D",
    )


def _units_of_2020(lines: list[Line], then: dict[str, UnitRow]) -> dict[str, UnitRow]:
    """The communes made on 1/1/2020. They took the code of one of the merged ones, whose own period had ended."""
    made: dict[str, UnitRow] = {}
    for line in lines:
        code = line["successor_2020_code"]
        base = then.get(code)
        if base and base.valid_to == date(2019, 12, 31):
            made[code] = replace(
                base,
                name="UBND " + normalised(line["successor_2020_name"]),
                valid_from=COMMUNES_OF_2020,
                valid_to=LAST_DAY_OF_45,
            )
    return made


def _heirs_of_2020(
    line: Line, lines: list[Line], then: dict[str, UnitRow], between: dict[str, UnitRow]
) -> list[UnitRow]:
    """Who took over from a commune that ended with 2019: the unit named, and any other named beside it (";")."""
    code = line["successor_2020_code"]
    named = {f"UBND {normalised(name)}" for name in line["successor_2020_name"].split(";")}
    first = between.get(code) or then[code]
    beside = [
        then[other["unit_code"]]
        for other in lines
        if other["parent_code"] == line["parent_code"]
        and other["unit_code"] != code
        and other["unit_code"] != line["unit_code"]
        and normalised(other["name"]) in named
    ]
    return [first, *beside]


def _heirs_of_2025(unit: UnitRow, line: Line, now: dict[str, UnitRow]) -> dict[tuple[UnitRow, UnitRow], str | None]:
    """Who took over in 2025: by code, or for a department by name; "(một phần: …)" is kept as the note."""
    if line["successor_code"]:
        return {(unit, now[line["successor_code"]]): None}
    name, _, partly = normalised(line["successor_name"]).partition(" (")
    note = partly.rstrip(")") or None
    return {(unit, heir): note for heir in now.values() if heir.level is Level.PROVINCE and heir.name == name}


def _heirs_by_name(
    lines: list[Line], then: dict[str, UnitRow], now: dict[str, UnitRow]
) -> dict[tuple[UnitRow, UnitRow], str | None]:
    """Districts that live on as a commune-level unit: the island Cồn Cỏ. The other nine have no one successor."""
    districts = {unit.name: unit for unit in then.values() if unit.level is Level.DISTRICT}
    return {
        (districts[old], now[line["unit_code"]]): None
        for line in lines
        for old in (f"UBND {normalised(name)}" for name in line["predecessors"].split(";"))
        if old in districts
    }


def _procedure(line: Line, published: list[PublishedLine]) -> ProcedureRow:
    code = ProcedureCode.parse(line["code"])
    if code is None:
        raise ValueError(f"{line['code']!r} is no procedure code")
    scope = line["scope"].removeprefix("local:").split(" ")[0]
    channels = [_CHANNELS[name] for name in line["submit_channels"].split(";") if name]
    if not channels and not published:
        channels = list(_USUAL_CHANNELS)
    levels = [_LEVELS[name] for name in line["level"].split(";") if name in _LEVELS]  # "khac": no agency of ours
    return ProcedureRow(
        code=line["code"],
        national_core=code.national_core,
        publisher=code.publisher,
        scope=scope,
        name=normalised(line["name"]),
        sector=normalised(line["field"]),
        issuer=normalised(line["issuer"]),
        decision=normalised(line["decision"]) or None,
        online_level=normalised(line["online_level"]) or None,
        valid_from=None,
        valid_to=None,
        basis=CATALOGUE_BASIS,
        offers=offers_of(levels, national=scope == "national"),
        terms=terms_of(channels, _limit(line["time_limit_value"], line["time_limit_unit"]), published),
    )


def _supplement_rule(line: Line) -> RuleRow:
    rule = SupplementRule(
        effect=SupplementEffect(line["effect"]),
        limit=int(line["request_limit"]) if line["request_limit"] else None,
        ask_within=int(line["ask_within"]) if line["ask_within"] else None,
        answer_within=_answer(line["answer_value"], line["answer_unit"]),
        submission_within=_answer(line["submission_value"], line["submission_unit"]),
        lapse=Lapse(line["lapse"]),
        notice=normalised(line["notice"]),
        regime=normalised(line["regime"]),
        citation=normalised(line["citation"]),
        confirmed=line["confirmed"] == "true",
    )
    period = _day(line["valid_from"]), _day(line["valid_to"])
    return RuleRow(Regime(rule, *period, line["procedure"] or None), normalised(line["basis"]))


def _official_form(line: Line) -> OfficialForm:
    return OfficialForm(
        form=line["form"],
        number=line["number"],
        title=normalised(line["title"]),
        legal_basis=line["legal_basis"] or None,
        receiver=normalised(line["receiver"]),
        valid_from=_day(line["valid_from"]),
        valid_to=_day(line["valid_to"]),
        confirmed=line["confirmed"] == "true",
        basis=line["basis"],
        headings=tuple(normalised(heading) for heading in line["headings"].split(";")),
    )


def _answer(value: str, unit: str) -> Term | None:
    return Term(Decimal(value), TermUnit(unit)) if unit else None


def _limit(value: str, unit: str) -> Term | None:
    return Term(Decimal(value), _UNITS[unit]) if unit else None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
