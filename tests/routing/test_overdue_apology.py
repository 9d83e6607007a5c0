"""Quá hạn chưa gửi thư xin lỗi: whether the applicant was sent an apology, and who is owed one (NĐ 61/2018 art. 12(5),
19(9)). Every list equals a straight recount."""

import csv
import json
import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import pytest_asyncio

from routing_service.overdue.store import MERGED_AGENCIES
from shared.domain.civil_time import civil_day, end_of, midnight
from shared.domain.deadline import Verdict
from shared.domain.lifecycle import ApologyKind, EventKind
from shared.domain.terms import Due
from shared.domain.working_calendar import DEFAULT_SESSIONS
from shared.web.clock import now
from tests.builders import Built
from tests.routing.conftest import Routing, reasons
from tests.routing.test_overdue import listed
from tests.support import JUSTICE, PROVINCE, WARD

FOR_LATENESS = (ApologyKind.EXTENSION, ApologyKind.OVERDUE)


@dataclass(frozen=True)
class Letter:
    """An apology of a dossier."""

    kind: ApologyKind
    made_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True)
class Life:
    """A dossier with its apologies."""

    built: Built
    letters: list[Letter]

    def late(self, at: datetime) -> bool:
        """Whether it is late and open."""
        due, finished = self.built.account.due, self.built.account.finished_at
        accepted = self.built.account.accepted_at <= at
        return accepted and due is not None and due.late_from <= at and not (finished and finished <= at)

    def recorded(self, at: datetime) -> bool:
        """Whether an apology for its lateness was made by then."""
        return any(letter.kind in FOR_LATENESS and letter.made_at <= at for letter in self.letters)

    def sent(self, at: datetime) -> bool:
        """Whether one was sent by then."""
        return any(
            letter.kind in FOR_LATENESS and letter.sent_at is not None and letter.sent_at <= at
            for letter in self.letters
        )


async def apologise(routing: Routing, built: Built, letter: Letter, n: int = 1) -> None:
    await routing.owner.execute(
        "INSERT INTO apology (dossier_id, n, seq, kind, made_at, sent_at) VALUES ($1, $2, 1, $3, $4, $5)",
        built.id,
        n,
        int(letter.kind),
        letter.made_at,
        letter.sent_at,
    )


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lives(routing: Routing) -> list[Life]:
    """Random dossiers of the last 90 days, open and ended, with random letters."""
    rng, end, made = random.Random(61), now(), []
    for _ in range(220):
        accepted = end - timedelta(minutes=rng.randrange(60 * 24 * 90, 60 * 24 * 100))
        day = routing.reference.calendar.add_working_days(civil_day(accepted), rng.randrange(1, 60))
        due = Due.on_day(day, DEFAULT_SESSIONS)
        finish = accepted + timedelta(minutes=rng.randrange(1, 60 * 24 * 85))
        happened: list[tuple[EventKind, str | datetime]] = [(EventKind.FINISHED, finish)] if rng.random() < 0.5 else []
        built = await routing.dossier(
            accepted=accepted, agency=rng.choice([WARD, JUSTICE, PROVINCE]), due=due, happened=happened
        )
        letters = []
        for n in range(rng.choice([0, 0, 0, 1, 1, 2])):
            letter_at = accepted + timedelta(minutes=rng.randrange(60 * 24 * 90))
            sent = letter_at + timedelta(hours=rng.randrange(48)) if rng.random() < 0.6 else None
            letters.append(Letter(rng.choice(list(ApologyKind)), letter_at, sent))
            await apologise(routing, built, letters[-1], n + 1)
        made.append(Life(built, letters))
    return made


def in_scope(routing: Routing, lives: list[Life], agency: str) -> list[Life]:
    tree = routing.reference.agencies
    unit = tree.latest(agency, civil_day(now()))
    assert unit is not None
    found = [life for life in lives if life.built.agency_id in tree.scope(unit.id)]
    return sorted(found, key=lambda life: (life.built.account.due and life.built.account.due.late_from, life.built.id))


@pytest.mark.parametrize("agency", [PROVINCE, WARD, JUSTICE])
@pytest.mark.parametrize("apology", ["any", "none", "sent"])
async def test_of_what_is_late_it_equals_a_recount(
    routing: Routing, lives: list[Life], agency: str, apology: str
) -> None:
    at = now()
    found = await listed(routing, agency=agency, apology=apology)
    late = [life for life in in_scope(routing, lives, agency) if life.late(at)]
    wanted = {"any": late, "sent": [x for x in late if x.sent(at)], "none": [x for x in late if not x.sent(at)]}
    assert [(item["code"], item["apology_sent"], item["apology_recorded"]) for item in found] == [
        (life.built.code, life.sent(at), life.recorded(at)) for life in wanted[apology]
    ]
    if agency == PROVINCE:
        assert len(found) > 10, "there is something to compare"


@pytest.mark.parametrize("days", [1, 10, 30])
@pytest.mark.parametrize("apology", ["any", "none", "sent"])
async def test_in_the_past_only_what_was_sent_by_then_is_sent(
    routing: Routing, lives: list[Life], days: int, apology: str
) -> None:
    at = now() - timedelta(days=days)
    found = await listed(routing, agency=PROVINCE, apology=apology, as_of=at.isoformat())
    late = [life for life in in_scope(routing, lives, PROVINCE) if life.late(at)]
    wanted = {"any": late, "sent": [x for x in late if x.sent(at)], "none": [x for x in late if not x.sent(at)]}
    assert [(item["code"], item["apology_sent"], item["apology_recorded"]) for item in found] == [
        (life.built.code, life.sent(at), life.recorded(at)) for life in wanted[apology]
    ]


def owed(routing: Routing, lives: list[Life], agency: str, first: date | None, last: date | None) -> list[Life]:
    at = now()
    found = []
    for life in in_scope(routing, lives, agency):
        account = life.built.account
        assert account.due is not None
        late = life.late(at) or account.verdict is Verdict.LATE
        since = first is None or account.due.late_from >= midnight(first)
        until = last is None or account.due.late_from < end_of(last)
        if late and since and until and not life.sent(at):
            found.append(life)
    return found


@pytest.mark.parametrize("agency", [PROVINCE, WARD, JUSTICE])
@pytest.mark.parametrize(("since", "until"), [(None, None), (60, 20), (30, None), (None, 40), (10, 10)])
async def test_what_is_owed_equals_a_recount(
    routing: Routing, lives: list[Life], agency: str, since: int | None, until: int | None
) -> None:
    today = civil_day(now())
    first = today - timedelta(days=since) if since is not None else None
    last = today - timedelta(days=until) if until is not None else None
    period = {name: day.isoformat() for name, day in (("from", first), ("to", last)) if day}
    found = await listed(routing, "/v1/apologies/owed", agency=agency, **period)
    wanted = owed(routing, lives, agency, first, last)
    assert [(item["code"], item["apology_recorded"]) for item in found] == [
        (life.built.code, life.recorded(now())) for life in wanted
    ]
    for item, life in zip(found, wanted, strict=True):
        account = life.built.account
        assert account.due is not None
        end = account.finished_at or now()
        assert item["days_overdue"] == routing.reference.calendar.working_days_between(account.due.day, civil_day(end))
        assert (item["finished_at"] is None) == (account.finished_at is None)
    counts = await counted(routing, agency=agency, **period)
    ended = sum(life.built.account.finished_at is not None for life in wanted)
    recorded = sum(life.recorded(now()) for life in wanted)
    assert counts == {
        "total": len(wanted),
        "open": len(wanted) - ended,
        "ended": ended,
        "recorded": recorded,
    }


async def counted(routing: Routing, **params: Any) -> dict[str, int]:
    answer = await routing.http.get("/v1/apologies/owed/count", params=params, headers=routing.as_("leader"))
    assert answer.status_code == 200, answer.text
    counts: dict[str, int] = answer.json()
    return counts


async def test_of_many_agencies_and_few(routing: Routing, lives: list[Life]) -> None:
    """Whichever way the store goes, the list is the same."""
    whole = len(routing.reference.agencies.by_id)
    assert whole > MERGED_AGENCIES
    codes = {item["code"] for item in await listed(routing, "/v1/apologies/owed", agency=PROVINCE)}
    parts = [await listed(routing, "/v1/apologies/owed", agency=agency) for agency in (WARD, JUSTICE)]
    assert {item["code"] for part in parts for item in part} <= codes


@pytest.mark.parametrize("limit", [None, 5])
async def test_in_csv_and_ndjson(routing: Routing, lives: list[Life], limit: int | None) -> None:
    codes = [life.built.code for life in owed(routing, lives, PROVINCE, None, None)]
    asked = {"agency": PROVINCE, **({"limit": str(limit)} if limit else {})}
    headers = routing.as_("leader")
    table = await routing.http.get("/v1/apologies/owed", params={**asked, "format": "csv"}, headers=headers)
    rows = list(csv.DictReader(StringIO(table.text)))
    assert [row["code"] for row in rows] == codes[:limit]
    lines = await routing.http.get("/v1/apologies/owed", params={**asked, "format": "ndjson"}, headers=headers)
    items = [json.loads(line) for line in lines.text.splitlines()]
    assert [item["code"] for item in items] == codes[:limit]
    assert set(items[0]) == set(rows[0])
    assert ("next-cursor" in lines.headers) == (limit is not None)


async def test_an_apology_for_a_loss_is_none_for_lateness(routing: Routing) -> None:
    due = Due.on_day(
        routing.reference.calendar.add_working_days(civil_day(now() - timedelta(days=400)), 1), DEFAULT_SESSIONS
    )
    built = await routing.dossier(accepted=now() - timedelta(days=400), due=due)
    await apologise(routing, built, Letter(ApologyKind.LOST_OR_DAMAGED, now(), now()))
    first = (await listed(routing, agency=WARD, apology="none"))[0]
    assert (first["code"], first["apology_sent"], first["apology_recorded"]) == (built.code, False, False)
    assert built.code in {item["code"] for item in await listed(routing, "/v1/apologies/owed", agency=WARD)}
    await routing.owner.execute("DELETE FROM apology WHERE dossier_id = $1", built.id)
    await routing.owner.execute("UPDATE dossier SET late_from = NULL WHERE id = $1", built.id)


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"from": "2026-02-01", "to": "2026-01-01"}, ("to", "period_reversed")),
        ({"to": "2190-01-01"}, ("to", "period_in_future")),
        ({"from": "yesterday"}, ("from", "malformed")),
        ({"agency": "none"}, ("agency", "unknown_agency")),
    ],
)
@pytest.mark.parametrize("path", ["/v1/apologies/owed", "/v1/apologies/owed/count"])
async def test_what_cannot_be_asked(
    routing: Routing, path: str, params: dict[str, str], reason: tuple[str, str]
) -> None:
    answer = await routing.http.get(path, params=params, headers=routing.as_("leader"))
    assert (answer.status_code, reasons(answer)) == (422, {reason})


async def test_a_filter_that_is_none_is_refused(routing: Routing) -> None:
    answer = await routing.http.get("/v1/overdue", params={"apology": "maybe"}, headers=routing.as_("leader"))
    assert reasons(answer) == {("apology", "not_one_of")}


async def test_nobody_sees_what_others_owe(routing: Routing, lives: list[Life]) -> None:
    answer = await routing.http.get(
        "/v1/apologies/owed", params={"agency": PROVINCE}, headers=routing.as_("leader", WARD)
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")
    own = await listed(routing, "/v1/apologies/owed", token_agency=WARD)
    assert {item["agency"] for item in own} == {WARD}
