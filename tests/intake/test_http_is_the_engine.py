"""Whatever is asked of a dossier, in whatever order: the API does what the pure engine says, and nothing else."""

from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intake_service.lifecycle.endpoints import VERBS, Verb
from intake_service.lifecycle.rules import against_the_law
from services.local_issuer import LocalIssuer
from shared.domain.civil_time import local
from shared.domain.deadline import Clock, due_of
from shared.domain.life import Happened, Life, decided, lived
from shared.domain.lifecycle import ApologyKind, Channel, EventKind, Outcome
from shared.reference.store import read_reference
from shared.web.clock import now
from tests.conftest import Database
from tests.intake.lives import ago, imported
from tests.support import PROVINCE, REGISTER_COPY, WARD, bearer

BEGAN = ago(days=300)
LETTER = {"number": "1/PXL", "signed_by": "Trần Văn Bình"}
#: A verb of the table, hours gone by since the last, and a number that decides what else there is to decide.
asked = st.tuples(st.sampled_from(VERBS), st.integers(0, 24 * 12), st.integers(0, 3))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def clock(database: Database) -> Clock:
    """What reckons the dates of the dossiers of this test."""
    connection = await asyncpg.connect(database.owner_url)
    reference = await read_reference(connection)
    await connection.close()
    day = local(BEGAN).date()
    version, unit = reference.procedure_on(REGISTER_COPY, day), reference.agencies.on(WARD, day)
    assert version is not None
    assert unit is not None
    return reference.clock(version, Channel.COUNTER, unit.id, day)


def body_of(verb: Verb, number: int, at: datetime, life: Life) -> dict[str, Any]:
    """What is sent: well-formed, so that only the lifecycle and the law can refuse it."""
    body: dict[str, Any] = {"occurred_at": at.isoformat()}
    fields = verb.body.model_fields
    if "reason" in fields:
        body["reason"] = "Lý do"
    if "legal_basis" in fields and number % 2:
        body["legal_basis"] = "Luật riêng"
    if "number" in fields and "signed_by" in fields:
        body |= LETTER
    if "issued_on" in fields:
        body["issued_on"] = local(at).date().isoformat()
    if verb.path == "apologies":
        body["kind"] = ("overdue", "lost_or_damaged")[number % 2]
    if "new_due_at" in fields and body.get("kind") != "lost_or_damaged" and (verb.path, number) != ("apologies", 2):
        promised = life.account.promised if life.account else None
        body["new_due_at"] = ((promised.at if promised else at) + timedelta(days=number - 1)).isoformat()
    if "outcome" in fields:
        body["outcome"] = ("granted", "refused")[number % 2]
        if number > 1:
            del body["reason"]  # which only a refusal needs
    return body


def _forbidden(life: Life, event: Happened, clock: Clock, body: dict[str, Any]) -> bool:
    outcome = Outcome[body["outcome"].upper()] if "outcome" in body else None
    apology = ApologyKind[body["kind"].upper()] if "kind" in body else None
    reason, basis = body.get("reason"), "legal_basis" in body
    refused = against_the_law(
        life, event, clock, outcome=outcome, reason=reason, legal_basis=basis, apology=apology, recorded_at=now()
    )
    return refused is not None


def engine(life: Life, verb: Verb, body: dict[str, Any], at: datetime, clock: Clock) -> Life | None:
    """The dossier after a verb as the engine has it; None where it may not happen."""
    new = due_of(datetime.fromisoformat(body["new_due_at"]), clock) if "new_due_at" in body else None
    event = decided(life, verb.kind, at, clock, given_due=new)
    if event is None or _forbidden(life, event, clock, body):
        return None
    return lived(life, event)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(asked, min_size=3, max_size=14), st.integers(1, 60) | st.integers(301, 330))  # over, or still running
async def test_random_histories(
    intake: httpx.AsyncClient, issuer: LocalIssuer, clock: Clock, steps: list[tuple[Verb, int, int]], term: int
) -> None:
    headers = bearer(issuer, "admin", PROVINCE)
    due = BEGAN + timedelta(days=term)
    dossier = await imported(intake, headers, accepted=BEGAN, due=due)
    life = lived(None, Happened(EventKind.ACCEPTED, BEGAN, due_of(due, clock)))
    at = BEGAN
    for verb, hours, number in steps:
        at += timedelta(hours=hours)
        body = body_of(verb, number, at, life)
        answer = await intake.post(f"/v1/dossiers/{dossier['code']}/{verb.path}", json=body, headers=headers)
        after = engine(life, verb, body, at, clock)
        assert (answer.status_code == 200) == (after is not None), (verb.path, life, answer.text)
        assert answer.status_code in (200, 409, 422)
        life = after or life
        shown = (await intake.get(f"/v1/dossiers/{dossier['code']}", headers=headers)).json()
        assert shown == (answer.json() if after else shown)
        _same(shown, life)


def _same(shown: dict[str, Any], life: Life) -> None:
    account = life.account
    assert account is not None
    assert shown["status_code"] == int(life.status)
    assert shown["paused"] == account.paused
    assert shown["verdict"] == (account.verdict.name.lower() if account.verdict else None)
    for name, due in (("due_at", account.appointment), ("original_due_at", account.original_due)):
        assert instant(shown[name]) == (due.at if due else None), name
    assert instant(shown["finished_at"]) == account.finished_at


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
