"""Forms made ready: load a dossier with its history, choose the sheet, put the words on it. The presses print it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from urllib.parse import quote

import asyncpg
import orjson

from intake_service.deadlines.rules import history
from intake_service.dossiers.usecases import KINDS, RETURN_CHANNELS, one
from intake_service.forms import rules, store, wording
from intake_service.forms.wording.control_slip import VERDICTS
from intake_service.forms.wording.ledger import LedgerLine
from intake_service.forms.wording.ledger import ledger as ledger_paper
from intake_service.forms.wording.phrases import in_full, office_of
from intake_service.forms.wording.shapes import Office, Paper, Party, Phase, Subject
from intake_service.lifecycle.rules import read_back
from intake_service.lifecycle.usecases import clock_of
from intake_service.tracking.rules import secret_of
from shared.domain.agencies import Agency
from shared.domain.deadline import Verdict
from shared.domain.explanation import term_name
from shared.domain.lifecycle import STATUS_VI, Status
from shared.domain.terms import TermUnit
from shared.reference import Reference
from shared.web.auth import Principal
from shared.web.database import Connection, Reading
from shared.web.problems import Problem, invalid
from shared.web.settings import Settings

#: Rows of one ledger: two thousand take a second to set and fill some hundred pages.
MOST_ROWS = 2000


async def load_forms(connection: Connection, versions: Sequence[rules.FormVersion]) -> rules.FormsLoaded:
    """Bring the forms to what the list says. The same list twice changes nothing. Raises BrokenForms."""
    rules.need_distinct(versions)
    return rules.FormsLoaded(await store.set_versions(connection, versions))


@dataclass(frozen=True, slots=True)
class File:
    """A dossier with all that its forms need. same_day: its receipt is given if asked. receiving_due_at: of a linked
    one, until when the agency that received it is done with its own share."""

    row: asyncpg.Record
    history: list[rules.Entry]
    hand_overs: list[rules.HandOver]
    versions: list[rules.FormVersion]
    same_day: bool
    receiving_due_at: datetime | None

    @property
    def editions(self) -> list[rules.Edition]:
        """All its sheets."""
        return rules.editions(self.history, self.hand_overs)


async def file_of(connection: Reading, reference: Reference, principal: Principal, code: str) -> File:
    """The file of a dossier that the caller may see."""
    row = await one(connection, code, principal)
    clock = clock_of(reference, row)
    rows = await store.history(connection, row["id"])
    told = history(read_back((event[:3] for event in rows), clock))
    entries = [
        rules.Entry(
            each,
            event["recorded_at"],
            event["actor"],
            event["acting_agency_id"],
            orjson.loads(event["payload"]),
            event["reason"],
            orjson.loads(event["detail"]) if event["detail"] else MappingProxyType({}),
        )
        for each, event in zip(told, rows, strict=True)
    ]
    given = [
        rules.HandOver(*each[:9])._replace(received=rules.Receipt(*each[9:]) if each[9] else None)
        for each in await store.hand_overs(connection, row["id"])
    ]
    return File(
        row,
        entries,
        given,
        await store.versions(connection),
        same_day=clock.term.unit is TermUnit.SAME_DAY,
        receiving_due_at=await store.receiving_due_at(connection, row["id"], row["agency_id"]),
    )


def made_ready(
    file: File, reference: Reference, settings: Settings, kind: rules.FormKind, number: int | None
) -> tuple[rules.Edition, Paper]:
    """A form of a dossier, the newest edition unless one is named. Raises the Problem that says which there are."""
    sheet = rules.chosen(file.editions, file.versions, kind, number)
    if isinstance(sheet, Problem):
        raise sheet
    subject = _subject(file, sheet.edition, reference, settings)
    return sheet.edition, wording.paper(sheet, subject, file.history, file.hand_overs)


def _subject(file: File, edition: rules.Edition, reference: Reference, settings: Settings) -> Subject:
    row = rules.as_it_was(dict(file.row), file.history[edition.upto + 1 :])
    account = file.history[edition.upto].told.after.account
    accepted = account is not None
    name = row["reference"] or row["code"]
    code = row["code"] if accepted else name
    submitter = orjson.loads(row["submitted_by"]) if row["submitted_by"] else None
    secret = secret_of(settings.tracking_key.get_secret_value(), name)
    units = reference.agencies.by_id
    concerned = {entry.agency_id for entry in file.history}
    concerned.update(each.giver for each in file.hand_overs)
    concerned.update(each.taker for each in file.hand_overs)
    return Subject(
        code=code,
        office=_office(reference, units[row["agency_id"]]),
        procedure=reference.versions[row["version_id"]].name,
        summary=row["summary"],
        party=Party(
            name=row["applicant_name"],
            is_person=row["kind"] == KINDS["person"],
            id_number=row["id_number"],
            phone=row["phone"],
            email=row["email"],
            address=row["address"],
            submitted_by=submitter["name"] if submitter else None,
        ),
        documents=orjson.loads(row["documents"]) if row["documents"] else [],
        term=term_name(clock_of(reference, row).term).vi,
        returned_by_post=row["return_channel"] == RETURN_CHANNELS["post"],
        tracking=f"{settings.tracking_url}/{quote(code, safe='')}?secret={secret}",
        agencies={unit: in_full(units[unit].name) for unit in concerned},
        phases=_phases(file, edition, units[row["agency_id"]], account.accepted_at if account else None),
    )


def _phases(file: File, edition: rules.Edition, receiving: Agency, accepted_at: datetime | None) -> Sequence[Phase]:
    """The receiving unit's own date beside the total one, on the first sheet: the plan is of the day of reception, and
    holds no more once the date was appointed anew."""
    if edition.number > 1 or file.receiving_due_at is None:
        return ()
    return (Phase(in_full(receiving.name), accepted_at, file.receiving_due_at),)


async def ledger(
    connection: Reading,
    reference: Reference,
    agency: Agency,
    scope: frozenset[int],
    first: date,
    last: date,
    today: date,
) -> Paper:
    """The ledger of an agency, with all under it, for the dossiers received in a period."""
    if first > last:
        raise invalid("to", "period_reversed")
    if last > today:
        raise invalid("to", "period_in_future")
    version = rules.version_on(await store.versions(connection), rules.FormKind.LEDGER, last)
    if version is None:
        raise invalid("to", "no_form_in_law", day=last.isoformat())
    rows = await store.ledger(connection, sorted(scope), first, last, MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise invalid("from", "ledger_too_long", limit=MOST_ROWS)
    lines = [_line(row, reference) for row in rows]
    return ledger_paper(version, _office(reference, agency), lines, first, last)


def _line(row: asyncpg.Record, reference: Reference) -> LedgerLine:
    ended = row["verdict"] and row["original_due_at"]
    return LedgerLine(
        code=row["code"],
        procedure=reference.versions[row["version_id"]].name,
        party=Party(name=row["name"], phone=row["phone"], address=row["address"]),
        agency=reference.agencies.by_id[row["handler_id"]].name,
        accepted_at=row["accepted_at"],
        due_at=row["due_at"],
        returned_at=row["returned_at"],
        by_post=row["return_channel"] == RETURN_CHANNELS["post"],
        note=VERDICTS[Verdict(row["verdict"])] if ended else STATUS_VI[Status(row["status"])],
    )


def _office(reference: Reference, agency: Agency) -> Office:
    units, above, unit = reference.agencies.by_id, [], agency
    while unit.parent_id is not None:
        unit = units[unit.parent_id]
        above.append(unit.name)
    return office_of(agency.name, above)
