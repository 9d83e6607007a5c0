"""HTTP of imports: send a file, follow it, read what was rejected."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from intake_service.imports import store, usecases
from intake_service.imports.rules import secret_of
from shared.contracts.intake import ImportPage, ImportRejects, ImportRun, ImportTotals
from shared.domain.civil_time import shown
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession
from shared.web.paging import DEFAULT_LIMIT, MAX_LIMIT, Cursor, Limit, Pages, page_response
from shared.web.problems import LOCKED, READING, Problem, kept_reasons, language_of, refusals

PATH = "/v1/imports"
router = APIRouter(prefix=PATH, tags=["imports"])

ImportId = Annotated[
    UUID,
    Path(description="Number of the import, as it was answered", examples=["3f1c0a2e-7b1d-4d6b-9a53-0d7f8f2f6a10"]),
]
_FORMS = {"text/csv": "csv", "application/x-ndjson": "ndjson", "application/ndjson": "ndjson"}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "One record a line; a CSV has the same columns, nested ones dotted: `applicant.name`, "
        "`supplements.0.requested_at`",
        "content": {
            "application/x-ndjson": {
                "schema": {
                    "type": "string",
                    "description": "A record on each line",
                    "contentMediaType": "application/json",
                    "contentSchema": {"$ref": "#/components/schemas/ImportRecord"},
                },
                "example": '{"legacy_code":"QT-1","procedure":"1.001193","agency":"19333","channel":"counter",'
                '"applicant":{"kind":"person","name":"Nguyễn Thị Đào"},"accepted_at":"2026-11-20T08:00:00+07:00"}\n',
            },
            "text/csv": {
                "schema": {"type": "string"},
                "example": "legacy_code,procedure,agency,channel,applicant.kind,applicant.name,accepted_at\n"
                "QT-1,1.001193,19333,counter,person,Nguyễn Thị Đào,2026-11-20T08:00:00+07:00\n",
            },
        },
    }
}


@router.post(
    "",
    status_code=201,
    operation_id="importDossiers",
    summary="Nhập hồ sơ từ hệ thống khác · Import dossiers of another system",
    response_description="The file was read to its end: how many landed, how many were rejected",
    response_model=ImportRun,
    responses=refusals(
        *LOCKED, "agency_out_of_scope", "upload_idle", "unsupported_media_type", "invalid_request", "unavailable"
    ),
    openapi_extra=_BODY,
)
async def send(
    request: Request,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    synthetic: Annotated[
        bool,
        Query(
            description="The records are made up. Reports of all agencies will say so, and the national database is"
            " told nothing any more: for whoever covers the whole installation"
        ),
    ] = False,
    trial: Annotated[bool, Query(description="Judge all, land nothing: `created` is what would have landed")] = False,
) -> Response:
    """Read as it arrives, any size in bounded memory. The good records land, the bad ones are kept with their line
    and every reason. The same file twice changes nothing, so a broken upload is simply sent again; a dossier that went
    on in the other system, and on which nobody works here, goes on here likewise. While it runs, `GET /v1/imports`
    shows its progress."""
    form = _FORMS.get(request.headers.get("content-type", "").split(";")[0].strip().lower())
    if form is None:
        raise Problem("unsupported_media_type")
    run = await usecases.run_import(
        room.pool,
        reference,
        principal,
        request.stream(),
        form=form,
        synthetic=synthetic and not trial,
        trial=trial,
        now=now(),
        ring=room.keyring,
        secret=secret_of(room.settings.tracking_key.get_secret_value()),
        limits=room.limits,
    )
    async with room.pool.acquire(principal.rows) as connection:
        row = await store.run(connection, run, principal.scope)
    assert row is not None
    return json_answer(_run(row), 201, {"Location": f"{PATH}/{run}"})


@router.get(
    "",
    operation_id="listImports",
    summary="Các lần nhập · Imports, newest first",
    response_description="A page of imports, the newest first",
    response_model=ImportPage,
    responses=refusals(*LOCKED, "invalid_request"),
)
async def listed(
    room: RoomOf,
    principal: Caller,
    connection: ReadingSession,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Response:
    """Imports with their progress."""
    pages = Pages(room.settings.cursor_key, "imports", datetime, str)
    after = pages.after(cursor)
    before = (after[0], UUID(after[1])) if after else None
    found = await store.runs(connection, principal.scope, before=before, limit=limit + 1)
    rows, following = pages.cut(found, limit, lambda row: (row["started_at"], str(row["id"])))
    return page_response([_run(row) for row in rows], following)


@router.get(
    "/totals",
    operation_id="readImportTotals",
    summary="Số hồ sơ đã nhập theo cơ quan, tháng · What came from another system, by agency and month",
    response_description="Sums to be held against those of the export",
    response_model=ImportTotals,
    responses=refusals(*LOCKED),
)
async def totals(reference: ReferenceOf, principal: Caller, connection: ReadingSession) -> Response:
    """Of the dossiers that have a code of another system, whatever became of them since."""
    rows = await store.totals(connection, sorted(principal.scope))
    agencies = reference.agencies.by_id
    sums = ("month", "received", "finished", "on_time", "late")
    items = [{"agency": agencies[row["agency_id"]].code, **{name: row[name] for name in sums}} for row in rows]
    return json_answer({"items": items})


@router.get(
    "/{import_id}",
    operation_id="readImport",
    summary="Một lần nhập · One import and its progress",
    response_description="The import as far as it has come",
    response_model=ImportRun,
    responses=refusals(*READING, "invalid_request"),
)
async def read(import_id: ImportId, principal: Caller, connection: ReadingSession) -> Response:
    """How far an import is, or how it ended."""
    row = await store.run(connection, import_id, principal.scope)
    if row is None:
        raise Problem("not_found")
    return json_answer(_run(row))


@router.get(
    "/{import_id}/rejects",
    operation_id="readImportRejects",
    summary="Bản ghi bị từ chối · Rejected records and why",
    response_description="A page of rejected records, by line",
    response_model=ImportRejects,
    responses=refusals(*READING, "invalid_request"),
)
async def read_rejects(
    request: Request,
    import_id: ImportId,
    room: RoomOf,
    principal: Caller,
    connection: ReadingSession,
    cursor: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Records on a page", examples=[MAX_LIMIT])] = MAX_LIMIT,
) -> Response:
    """Line numbers and every reason, in the language asked for. The records themselves are not kept."""
    if await store.run(connection, import_id, principal.scope) is None:
        raise Problem("not_found")
    pages = Pages(room.settings.cursor_key, f"rejects {import_id}", int)
    (after,) = pages.after(cursor) or (0,)
    found = await store.rejects(connection, import_id, after=after, limit=limit + 1)
    rows, following = pages.cut(found, limit, lambda row: (row["line"],))
    language = language_of(request)
    items = [
        {
            "line": row["line"],
            "reference": row["reference"],
            "reasons": [reason.wire(language) for reason in kept_reasons(row["reasons"])],
        }
        for row in rows
    ]
    return page_response(items, following)


def _run(row: asyncpg.Record) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "state": row["state"],
        "format": row["format"],
        "started_at": shown(row["started_at"]),
        "finished_at": shown(row["finished_at"]),
        "bytes_read": row["bytes_read"],
        "lines_read": row["lines_read"],
        "created": row["created"],
        "updated": row["updated"],
        "unchanged": row["unchanged"],
        "rejected": row["rejected"],
        "synthetic": row["synthetic"],
        "trial": row["trial"],
        "rejects": f"{PATH}/{row['id']}/rejects",
    }
