"""An invented half-year, `quang-tri-2019-h1`: 136,583 import records whose totals are those of letter 3322/UBND-NC.

Agencies, procedures, terms and calendar are the real ones; applicants, instants and fates are invented. This file may
know the letter's totals because it makes data up; whoever counts must find them by counting. Who is drawn and how each
ends: fates.py; here each gets a face. The same seed gives the same bytes.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from random import Random

import orjson

from routing_service.calendars.rules import DEFAULT_SESSION_ROWS, working_calendar
from services import reference
from services.demo.fates import Draft, Fates, Office, Totals
from services.demo.landscape import landscape
from services.demo.people import enterprise, person
from shared.domain.civil_time import at, civil_day
from shared.domain.lifecycle import Channel, Outcome
from shared.domain.working_calendar import Session, Sessions

_LAST_RETURN = date(2019, 7, 12)
_OPENING = time(7, 0)
_CHUNK = 64 * 1024

LETTER = Totals(carried_over=4_098, received=132_485, resolved_on_time=125_638, resolved_late=3_205)
COUNT = LETTER.count


def records(*, seed: int = 2019, totals: Totals = LETTER) -> Iterator[dict[str, object]]:
    """The import records, by acceptance. Nothing is finished after LAST; some results are collected in early July."""
    units, _ = reference.agencies()
    lines = landscape(units, reference.procedures(), Random(f"{seed}/landscape"))
    office = Office(
        working_calendar(reference.calendar_days(), reference.CALENDAR_YEARS), _sessions(), reference.regimes()
    )
    fates = Fates(lines, office, Random(f"{seed}/fates"))
    drafts = sorted(fates.all(totals), key=lambda draft: draft.accepted)
    rng = Random(f"{seed}/faces")
    for number, draft in enumerate(drafts, 1):
        yield _record(number, draft, office, rng)


def ndjson(*, seed: int = 2019, totals: Totals = LETTER) -> Iterator[bytes]:
    """The records as lines of JSON, in chunks of about 64 KB."""
    chunk = bytearray()
    for record in records(seed=seed, totals=totals):
        chunk += orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        if len(chunk) >= _CHUNK:
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


def _record(number: int, draft: Draft, office: Office, rng: Random) -> dict[str, object]:
    """The draft with a face, as the import takes it."""
    line = draft.line
    stranger = enterprise if rng.random() < (0.9 if line.business else 0.06) else person
    record: dict[str, object] = {
        "legacy_code": f"QT-2019H1-{number:06d}",
        "procedure": line.procedure,
        "agency": line.agency,
        "channel": line.channel.name.lower(),
        "applicant": stranger(rng, line.place),
        "submitted_at": _submitted(draft, rng).isoformat(),
        "accepted_at": draft.accepted.isoformat(),
    }
    if draft.supplements:
        record["supplements"] = [
            {"requested_at": asked.isoformat()} | ({"answered_at": brought.isoformat()} if brought else {})
            for asked, brought in draft.supplements
        ]
    if draft.finished and draft.outcome:
        record["finished_at"] = draft.finished.isoformat()
        record["outcome"] = draft.outcome.name.lower()
        if draft.outcome in (Outcome.GRANTED, Outcome.REFUSED):
            returned = _returned(draft.finished, office, rng)
            if returned:
                record["returned_at"] = returned.isoformat()
    return record


def _submitted(draft: Draft, rng: Random) -> datetime:
    """At the counter filing is acceptance; online and by post it comes first, by 8 working hours at most."""
    match draft.line.channel:
        case Channel.ONLINE:
            return draft.accepted - timedelta(minutes=rng.randrange(5, 10 * 60))
        case Channel.POST:
            return max(
                draft.accepted - timedelta(minutes=rng.randrange(1, 90)), at(civil_day(draft.accepted), _OPENING)
            )
        case Channel.COUNTER:
            return draft.accepted


def _returned(finished: datetime, office: Office, rng: Random) -> datetime | None:
    """When the result was collected: mostly the same day, some days later, or not yet."""
    if rng.random() < 0.03:
        return None
    wait = 0 if rng.random() < 0.6 else min(15, 1 + int(rng.expovariate(1 / 2)))
    day = office.on(civil_day(finished), wait)
    moment = office.moment(rng, day, finished) or office.moment(rng, office.on(day, 1), finished)
    return moment if moment and civil_day(moment) <= _LAST_RETURN else None


def _sessions() -> Sessions:
    """The hours that an installation starts with: an import judges by these."""
    weekdays = sorted({row.weekday for row in DEFAULT_SESSION_ROWS})
    blocks = {day: [row for row in DEFAULT_SESSION_ROWS if row.weekday == day] for day in weekdays}
    return Sessions({day: tuple(Session(row.opens, row.closes) for row in rows) for day, rows in blocks.items()})
