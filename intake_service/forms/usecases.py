"""Forms made ready: load a dossier with its history, choose the sheet, put the words on it. The presses print it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import asyncpg
import orjson

from intake_service.access_records.usecases import record
from intake_service.deadlines.rules import history
from intake_service.dossiers.usecases import KINDS, RETURN_CHANNELS, one
from intake_service.forms import rules, store, wording
from intake_service.forms.wording.control_slip import VERDICTS
from intake_service.forms.wording.ledger import LedgerLine
from intake_service.forms.wording.ledger import ledger as ledger_paper
from intake_service.forms.wording.phrases import in_full, office_of
from intake_service.forms.wording.shapes import Office, Paper, Party, Phase, Subject
from intake_service.lifecycle.usecases import clock_of
from intake_service.numbers.rules import opened_words
from intake_service.tracking.rules import secret_of
from shared.domain.agencies import Agency
from shared.domain.civil_time import civil_day
from shared.domain.deadline import Verdict
from shared.domain.explanation import term_name
from shared.domain.life import Happened
from shared.domain.lifecycle import STATUS_VI, EventKind, Status
from shared.domain.personal import Datum, as_seen
from shared.domain.terms import TermUnit
from shared.reference import Reference
from shared.web.auth import NOTHING, Principal
from shared.web.database import Connection, Reading, Recorded
from shared.web.keyring import Keyring
from shared.web.problems import Problem, Reason, invalid
from shared.web.settings import Settings

#: Rows of one ledger: two thousand take two seconds to set and fill some hundred pages.
MOST_ROWS = 2000


async def load_forms(connection: Connection, versions: Sequence[rules.FormVersion]) -> rules.FormsLoaded:
    """Bring the forms to what the list says. The same list twice changes nothing. Raises BrokenForms."""
    rules.need_distinct(versions)
    return rules.FormsLoaded(await store.set_versions(connection, versions))


@dataclass(frozen=True, slots=True)
class File:
    """A dossier with all that its forms need. stood: as it was stored after each event of its history. same_day: its
    receipt is given if asked. share: of a linked one, the receiving agency's, once known; awaited: it may yet come."""

    row: asyncpg.Record
    history: list[rules.Entry]
    stood: list[dict[str, Any]]
    hand_overs: list[rules.HandOver]
    versions: list[rules.FormVersion]
    same_day: bool
    share: rules.Share | None
    awaited: bool

    @property
    def editions(self) -> list[rules.Edition]:
        """All its sheets."""
        return rules.editions(self.history, self.hand_overs, self.share)

    def lacks_share(self, edition: rules.Edition) -> bool:
        """Whether it is a receipt that the next edition completes with the receiving agency's own date."""
        known = self.share.known if self.share else len(self.history) if self.awaited else 0
        return edition.kind is rules.FormKind.RECEIPT and edition.upto < known


async def file_of(
    connection: Reading | Recorded, reference: Reference, principal: Principal, ring: Keyring, code: str
) -> File:
    """The file of a dossier that the caller may see."""
    row = await one(connection, code, principal)
    rows = await store.history(connection, row["id"])
    said = [
        rules.Said(
            EventKind(event["kind"]),
            orjson.loads(event["payload"]),
            opened_words(event["detail"], event["numbers_key"], ring),
        )
        for event in rows
    ]
    stood = rules.as_it_stood(dict(row), said)
    told = history(
        [
            Happened.read(event["kind"], event["occurred_at"], each.payload, clock_of(reference, then))
            for event, each, then in zip(rows, said, stood, strict=True)
        ]
    )
    entries = [
        rules.Entry(
            each,
            event["recorded_at"],
            event["actor"],
            event["acting_agency_id"],
            words.payload,
            event["reason"],
            words.detail,
        )
        for each, event, words in zip(told, rows, said, strict=True)
    ]
    given = [
        rules.HandOver(*each[:9])._replace(received=rules.Receipt(*each[9:]) if each[9] else None)
        for each in await store.hand_overs(connection, row["id"])
    ]
    return File(
        row,
        entries,
        stood,
        given,
        await store.versions(connection),
        same_day=clock_of(reference, row).term.unit is TermUnit.SAME_DAY,
        share=rules.share_of(entries, stood),
        awaited=rules.may_be_completed(entries) and await store.may_be_linked(connection, row["id"]),
    )


async def made_ready(
    connection: Recorded,
    file: File,
    reference: Reference,
    principal: Principal,
    settings: Settings,
    kind: rules.FormKind,
    number: int | None,
    now: datetime,
) -> tuple[rules.Edition, Paper]:
    """A form of a dossier as the caller may see it, the newest edition unless one is named: what is printed unmasked is
    on record then. Raises the Problem that says which there are, or that the newest is to be completed in a moment: as
    it is, it is printed for whoever names it."""
    sheet = rules.chosen(file.editions, file.versions, kind, number)
    if isinstance(sheet, Problem):
        raise sheet
    if number is None and file.lacks_share(sheet.edition):
        awaits = Reason("form", "receipt_awaits_routing", {"edition": f"edition={sheet.edition.number}"})
        raise Problem("form_not_ready", awaits, headers={"Retry-After": "1"})
    seen = principal.sees(file.row["agency_id"], file.row["holder_id"])
    row = file.stood[sheet.edition.upto]
    shown = frozenset(datum for datum in seen & rules.PRINTED[kind] if row[datum] is not None)
    subject = _subject(file, sheet.edition, reference, settings, seen)
    paper = wording.paper(sheet, subject, file.history, file.hand_overs)
    await record(connection, principal, "readForm", shown, [row["id"]], now)
    return sheet.edition, paper


def _subject(
    file: File, edition: rules.Edition, reference: Reference, settings: Settings, seen: frozenset[Datum]
) -> Subject:
    row = file.stood[edition.upto]
    account = file.history[edition.upto].told.after.account
    accepted = account is not None
    name = row["reference"] or row["code"]
    code = row["code"] if accepted else name
    submitter = orjson.loads(row["submitted_by"]) if row["submitted_by"] else None
    whose = {**row, "id_number": settings.keyring.unseal(row["id_number"])}
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
            **{datum.value: as_seen(whose[datum], datum, seen) for datum in rules.PRINTED[edition.kind]},
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
    """The receiving unit's own date beside the total one."""
    if file.share is None or not rules.holds(file.share, edition, file.history, receiving.id):
        return ()
    return (Phase(in_full(receiving.name), accepted_at, file.share.due_at),)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which ledger, and why it is read: without a reason everything in it is masked."""

    agency: Agency
    scope: frozenset[int]
    first: date
    last: date
    reason: str | None


async def ledger(
    connection: Recorded, reference: Reference, principal: Principal, asked: Asked, now: datetime
) -> Paper:
    """The ledger of an agency, with all under it, for the dossiers received in a period. What is printed unmasked is on
    record then."""
    first, last, today = asked.first, asked.last, civil_day(now)
    if first > last:
        raise invalid("to", "period_reversed")
    if last > today:
        raise invalid("to", "period_in_future", day=today.isoformat())
    version = rules.version_on(await store.versions(connection), rules.FormKind.LEDGER, last)
    if version is None:
        raise invalid("to", "no_form_in_law", day=last.isoformat())
    rows = await store.ledger(connection, sorted(asked.scope), first, last, MOST_ROWS + 1)
    if len(rows) > MOST_ROWS:
        raise invalid("from", "ledger_too_long", limit=MOST_ROWS)
    seen = [_seen_in_ledger(row, principal, asked) for row in rows]
    of = [row["id"] for row, some in zip(rows, seen, strict=True) if some]
    await record(connection, principal, "readLedger", NOTHING.union(*seen), of, now, reason=asked.reason)
    lines = [_line(row, reference, some) for row, some in zip(rows, seen, strict=True)]
    return ledger_paper(version, _office(reference, asked.agency), lines, first, last)


def _seen_in_ledger(row: asyncpg.Record, principal: Principal, asked: Asked) -> frozenset[Datum]:
    if asked.reason is None:
        return NOTHING
    seen = principal.sees(row["agency_id"], row["holder_id"]) & rules.PRINTED[rules.FormKind.LEDGER]
    return frozenset(datum for datum in seen if row[datum] is not None)


def _line(row: asyncpg.Record, reference: Reference, seen: frozenset[Datum]) -> LedgerLine:
    ended = row["verdict"] and row["original_due_at"]
    return LedgerLine(
        code=row["code"],
        procedure=reference.versions[row["version_id"]].name,
        party=Party(
            name=row["name"],
            phone=as_seen(row["phone"], Datum.PHONE, seen),
            address=as_seen(row["address"], Datum.ADDRESS, seen),
        ),
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
