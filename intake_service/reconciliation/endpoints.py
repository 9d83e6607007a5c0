"""HTTP of reconciliation: what the national database has, held against ours."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from intake_service.reconciliation import store, usecases
from intake_service.reconciliation.rules import share
from shared.contracts.fields import Code
from shared.contracts.reconciliation import (
    DifferenceKind,
    DifferencesResend,
    DifferencesResendIn,
    NationalDifferencePage,
    NationalRound,
    NationalRoundByAgency,
    NationalRoundIn,
    NationalRoundPage,
    WhichDifferences,
)
from shared.domain.civil_time import civil_day, shown
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller, asked_scope
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.idempotency import IdempotencyKey, RequestKey
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import LOCATION, good
from shared.web.problems import BODY, KEYED, LISTING, READING, refusals

router = APIRouter(prefix="/v1/national", tags=["national database"])

Agency = Annotated[Code | None, Query(description="Receiving agency, with all under it. Default: the token's")]
Id = Annotated[int, Path(ge=1, le=2**31 - 1, description="Its id", examples=[3])]
_LAST = 2**31 - 1
_CLOSED: Mapping[WhichDifferences, bool | None] = {"open": False, "closed": True, "all": None}


@router.post(
    "/rounds",
    status_code=201,
    operation_id="beginNationalRound",
    summary="Bắt đầu một lần đối soát · Hold ours against what the national database has",
    response_model=NationalRound,
    responses={
        **good(201, "It has begun; read how far it is at its address", LOCATION),
        **refusals(*READING, "agency_out_of_scope", "conflict", *BODY),
    },
)
async def begin(room: RoomOf, principal: Caller, connection: WritingSession, body: NationalRoundIn) -> Response:
    """One at a time, beside the one that begins by itself (`MOTCUA_NATIONAL_RECONCILE_HOURS`). It goes on behind this
    answer, as fast as `MOTCUA_NATIONAL_CALLS_PER_MINUTE` lets it, a call a dossier."""
    at = now()
    first_day = body.from_ or civil_day(at) - timedelta(days=room.settings.national_reconcile_days)
    to_be_asked = room.settings.national_place is not None
    row = await usecases.begin(connection, principal, first_day, to_be_asked=to_be_asked, at=at)
    return json_answer(_round(row), 201, {"Location": f"/v1/national/rounds/{row['id']}"})


@router.get(
    "/rounds",
    operation_id="listNationalRounds",
    summary="Các lần đối soát · Reconciliations with the national database",
    response_description="A page of rounds, the latest first",
    response_model=NationalRoundPage,
    responses=refusals(*LISTING),
)
async def rounds(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Agency = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Each with what it counted of an agency's dossiers."""
    scope = sorted(asked_scope(agency, reference, principal, civil_day(now())))
    pages = Pages(room.settings.cursor_key, f"national rounds {agency}", int)
    (before,) = pages.after(cursor) or (_LAST,)
    rows = await store.rounds(connection, scope, before, limit + 1)
    rows_shown, following = pages.cut(rows, limit, lambda row: (row["id"],))
    return page_response([_round(row) for row in rows_shown], following)


@router.get(
    "/rounds/{round_id}",
    operation_id="readNationalRound",
    summary="Một lần đối soát, theo cơ quan · One reconciliation, agency by agency",
    response_description="The round, and the share in step of each agency",
    response_model=NationalRoundByAgency,
    responses=refusals(*READING, "agency_out_of_scope", "invalid_request"),
)
async def round_read(
    round_id: Id, reference: ReferenceOf, principal: Caller, connection: ReadingSession, agency: Agency = None
) -> Response:
    """While it runs and after. Agencies of which it had no dossiers stand in it too, with no share."""
    scope = asked_scope(agency, reference, principal, civil_day(now()))
    row = await usecases.one_round(connection, round_id, sorted(scope))
    counts = await store.by_agency(connection, round_id, sorted(scope))
    day = civil_day(row["begun_at"])
    tree = reference.agencies
    listed = {unit.id for unit in tree.in_force(day)} & scope | counts.keys()
    agencies = [
        {"agency": tree.by_id[one].code, "name": tree.by_id[one].name, **_counts(counts.get(one))} for one in listed
    ]
    return json_answer({**_round(row), "agencies": sorted(agencies, key=lambda one: (one["agency"], one["name"]))})


@router.get(
    "/differences",
    operation_id="listNationalDifferences",
    summary="Các điểm sai khác · What differs between ours and theirs",
    response_description="A page of differences, the oldest first",
    response_model=NationalDifferencePage,
    responses=refusals(*LISTING),
)
async def differences(
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
    agency: Agency = None,
    kind: Annotated[DifferenceKind | None, Query(description="Of this kind only")] = None,
    which: Annotated[
        WhichDifferences, Query(description="Those that were seen last time, those seen no more, or all")
    ] = "open",
    code: Annotated[Code | None, Query(description="Of one dossier, by any of its codes")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Field by field, ours and theirs. Only statuses, dates and verdicts: nothing of theirs that is personal is
    kept."""
    scope = sorted(asked_scope(agency, reference, principal, civil_day(now())))
    pages = Pages(room.settings.cursor_key, f"national differences {(agency, kind, which, code)}", int)
    (after,) = pages.after(cursor) or (0,)
    asked = usecases.Differing(scope, kind, code, _CLOSED[which])
    rows = await usecases.page(connection, asked, after=after, limit=limit)
    rows_shown, following = pages.cut(rows, limit, lambda row: (row["id"],))
    return page_response([_difference(row, reference) for row in rows_shown], following)


@router.post(
    "/differences/resends",
    status_code=201,
    operation_id="resendNationalDifferences",
    summary="Gửi lại hồ sơ có sai khác · Tell once more what differs",
    response_description="How many are told once more",
    response_model=DifferencesResend,
    responses=refusals(*READING, "agency_out_of_scope", *KEYED),
)
async def resend(
    request: Request,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: DifferencesResendIn,
    key: IdempotencyKey = None,
) -> Response:
    """Each as it stands now. Where a message of one is stuck, that one is to be sent again first: telling it behind
    that would change nothing."""
    wanted = await RequestKey.of(request, principal.subject, key)
    scope = sorted(asked_scope(body.agency, reference, principal, civil_day(now())))
    done, replayed = await usecases.resend(connection, scope, body.kind, wanted, now())
    return json_answer(done, 201, replayed=replayed)


def _round(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": row["id"],
        "state": row["state"],
        "begun_at": shown(row["begun_at"]),
        "begun_by": row["begun_by"],
        "first_day": row["first_day"],
        "tried_at": shown(row["tried_at"]),
        "answered_at": shown(row["answered_at"]),
        "error": row["error"],
        "ended_at": shown(row["ended_at"]),
        **_counts(row),
    }


def _counts(row: asyncpg.Record | None) -> dict[str, Any]:
    names = ("in_step", "on_its_way", "differing", "missing", "not_answered")
    counts = {name: row[name] if row is not None else 0 for name in names}
    dossiers = sum(counts.values()) - counts["missing"]
    return {"dossiers": dossiers, **counts, "share": share(counts["in_step"], dossiers)}


def _difference(row: asyncpg.Record, reference: Reference) -> dict[str, Any]:
    return {
        "id": row["id"],
        "dossier": row["code"],
        "agency": reference.agencies.by_id[row["agency_id"]].code,
        **{name: row[name] for name in ("kind", "field", "ours", "theirs", "why")},
        "found_at": shown(row["found_at"]),
        "round": row["round_id"],
        "last_round": row["last_round_id"],
        "closed_at": shown(row["closed_at"]),
    }
