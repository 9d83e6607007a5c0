"""HTTP of the national catalogue: have it read, see how far that is, what was wrong, and what it said."""

from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from intake_service.catalogue import store, usecases
from intake_service.catalogue.rules import Kind
from shared.contracts.catalogue import (
    CatalogueEntries,
    CatalogueFindingPage,
    CataloguePull,
    CataloguePullPage,
)
from shared.contracts.fields import Code
from shared.domain.civil_time import shown
from shared.web.answers import json_answer
from shared.web.app import RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession, WritingSession
from shared.web.paging import DEFAULT_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.places import LOCATION, good
from shared.web.problems import LISTING, READING, Problem, Reason, in_its_language, language_of, refusals

router = APIRouter(prefix="/v1/catalogue", tags=["national catalogue"])

Id = Annotated[int, Path(ge=1, le=2**31 - 1, description="Its id", examples=[3])]
KindOf = Annotated[Kind, Path(description="Of what", examples=["agencies"])]
_LAST = 2**31 - 1
_VERSIONS = 50


@router.post(
    "/pulls",
    status_code=201,
    operation_id="beginCataloguePull",
    summary="Đọc danh mục quốc gia · Read the national catalogue",
    response_model=CataloguePull,
    responses={
        **good(201, "It has begun; read how far it is at its address", LOCATION),
        **refusals(*READING, "agency_out_of_scope", "conflict"),
    },
)
async def begin(room: RoomOf, principal: Caller, connection: WritingSession) -> Response:
    """One at a time; it goes on behind this answer, step by step. It changes nothing of ours: it makes proposals."""
    to_be_read = room.settings.national_place is not None
    row = await usecases.begin(connection, principal, to_be_read=to_be_read, at=now())
    return json_answer(_pull(row, 0), 201, {"Location": f"/v1/catalogue/pulls/{row['id']}"})


@router.get(
    "/pulls",
    operation_id="listCataloguePulls",
    summary="Các lần đọc danh mục quốc gia · Readings of the national catalogue",
    response_description="A page of readings, the latest first",
    response_model=CataloguePullPage,
    responses=refusals(*LISTING),
)
async def pulls(
    room: RoomOf, principal: Caller, connection: ReadingSession, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Response:
    """By hand and by themselves (`MOTCUA_NATIONAL_CATALOGUE_HOURS`)."""
    pages = Pages(room.settings.cursor_key, "catalogue pulls", int)
    (before,) = pages.after(cursor) or (_LAST,)
    rows, following = pages.cut(await store.pulls(connection, before, limit + 1), limit, lambda row: (row["id"],))
    counts = await store.finding_counts(connection, [row["id"] for row in rows])
    return page_response([_pull(row, counts.get(row["id"], 0)) for row in rows], following)


@router.get(
    "/pulls/{pull_id}",
    operation_id="readCataloguePull",
    summary="Một lần đọc danh mục quốc gia · One reading",
    response_description="How far it is",
    response_model=CataloguePull,
    responses=refusals(*READING, "invalid_request"),
)
async def pull(pull_id: Id, principal: Caller, connection: ReadingSession) -> Response:
    """While it runs and after."""
    row = await usecases.one_pull(connection, pull_id)
    return json_answer(_pull(row, (await store.finding_counts(connection, [pull_id])).get(pull_id, 0)))


@router.get(
    "/pulls/{pull_id}/findings",
    operation_id="listCatalogueFindings",
    summary="Điều bất thường trong danh mục quốc gia · What is wrong with what is published",
    response_description="A page of findings",
    response_model=CatalogueFindingPage,
    responses=refusals(*READING, *LISTING),
)
async def findings(
    request: Request,
    room: RoomOf,
    pull_id: Id,
    principal: Caller,
    connection: ReadingSession,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """What was passed over, and why; the rest was read all the same."""
    await usecases.one_pull(connection, pull_id)
    pages = Pages(room.settings.cursor_key, f"catalogue findings {pull_id}", int)
    (after,) = pages.after(cursor) or (0,)
    rows = await store.findings(connection, pull_id, after, limit + 1)
    rows, following = pages.cut(rows, limit, lambda row: (row["id"],))
    items = [_finding(row, language_of(request)) for row in rows]
    return json_answer({"items": items, "next": following}, headers=in_its_language(request))


@router.get(
    "/entries/{kind}/{code}",
    operation_id="readCatalogueEntries",
    summary="Một mục của danh mục quốc gia qua các lần đọc · What was published under a code",
    response_description="As it came, version by version",
    response_model=CatalogueEntries,
    responses=refusals(*READING, "invalid_request"),
)
async def entries(
    kind: KindOf,
    code: Annotated[Code, Path(description="As published", examples=["1.004194"])],
    principal: Caller,
    connection: ReadingSession,
) -> Response:
    """The latest first."""
    rows = await store.history(connection, kind, code, _VERSIONS)
    if not rows:
        raise Problem("not_found")
    return json_answer({"kind": kind, "code": code, "entries": [_entry(row) for row in rows]})


def _pull(row: asyncpg.Record, found: int) -> dict[str, Any]:
    return {
        "id": row["id"],
        "state": row["state"],
        "stage": row["stage"],
        "begun_at": shown(row["begun_at"]),
        "begun_by": row["begun_by"],
        "ended_at": shown(row["ended_at"]),
        "listed": row["listed"],
        "procedures": len(row["codes"]) if row["codes"] is not None else None,
        "read": row["done"],
        "proposed": row["proposed"],
        "findings": found,
        "error": row["error"],
    }


def _finding(row: asyncpg.Record, language: str) -> dict[str, Any]:
    wire = Reason(**orjson.loads(row["reason"])).wire(language)
    return {
        "kind": row["kind"],
        "code": row["code"],
        "field": wire["field"],
        "reason_code": wire["code"],
        "reason": wire["reason"],
    }


def _entry(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "name": row["name"],
        "core": row["core"],
        "publisher": row["publisher"],
        "seen_at": shown(row["seen_at"]),
        "pull": row["pull_id"],
        "content": orjson.loads(row["content"]) if row["content"] else None,
    }
