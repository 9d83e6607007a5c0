"""HTTP of files of a dossier: send one, list them, read one."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

import asyncpg
from fastapi import APIRouter, Header, Path, Query, Request
from starlette.responses import Response

from intake_service.dossiers.shapes import UNKEPT
from intake_service.files import links, rules, usecases
from intake_service.files.store import Mark
from shared.contracts.fields import Code
from shared.contracts.files import DossierFile, DossierFiles, FileMarks, FileMarksIn
from shared.domain.civil_time import shown
from shared.domain.personal import without_numbers
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import EVERY_ROW, Awaited, ReadingSession, RecordedSession, WritingSession
from shared.web.edge import ONLY_HEAD
from shared.web.kept import ASKED, UNCHANGED
from shared.web.places import ETAG, LOCATION, DossierCode, good
from shared.web.problems import BODY, READING, Problem, refusals
from shared.web.streams import Streamed
from shared.web.versions import is_known, known_to, version_of

PATH = "/v1/dossiers/{code}/files"
router = APIRouter(prefix=PATH, tags=["files"])
links_router = APIRouter(prefix=links.PATH, tags=["files"])

FileId = Annotated[
    UUID, Path(description="Id of the file, as it was answered", examples=["3f1c0a2e-7b1d-4d6b-9a53-0d7f8f2f6a10"])
]
MarksMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=40,
        description="`marks_version` of the file as read: refused if it was marked since",
        examples=['"0"'],
    ),
]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "requestBody": {
        "required": True,
        "description": "The file's bytes as they are, at most MOTCUA_MAX_FILE_BYTES (25 MiB), as "
        f"application/octet-stream or as what they are: {', '.join(kind.media_type for kind in rules.FileKind)}",
        "content": {"application/octet-stream": _BINARY},
    }
}
_SAVED = {
    "Content-Disposition": {"description": "Its name; never to be opened in the page", "schema": {"type": "string"}}
}
_CONTENT = {kind.media_type: _BINARY for kind in rules.FileKind}
_HEADERS = {
    "ETag": {"description": "Its SHA-256, for `If-None-Match`", "schema": {"type": "string"}},
    **_SAVED,
}


@router.post(
    "",
    status_code=201,
    operation_id="attachFile",
    summary="Gửi tệp của hồ sơ · Send a file of a dossier",
    response_model=DossierFile,
    responses={
        200: {"model": DossierFile, "description": "The dossier has this content under this component: the file there"},
        **good(201, "It is kept", LOCATION),
        **refusals(
            *READING,
            *("upload_idle", "not_allowed_in_status", "conflict", "body_too_large", "unsupported_media_type"),
            *("invalid_request", "unavailable"),
        ),
    },
    openapi_extra=_BODY,
)
async def attach(
    request: Request,
    code: DossierCode,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    name: Annotated[
        str,
        Query(
            min_length=1,
            max_length=1000,
            description="What it is called; made safe, and given the extension of what it is",
            examples=["Giấy chứng sinh.pdf"],
        ),
    ],
    component: Annotated[
        Code | None,
        Query(
            description="Which paper it is, by the code or name that the procedure calls it; `result`: what the agency "
            "gives, which no applicant sends",
            examples=["Giấy chứng sinh"],
        ),
    ] = None,
    replaces: Annotated[UUID | None, Query(description="The file of which this is a newer version")] = None,
    digitised: Annotated[bool | None, Query(description="Đã số hóa: the agency made it of a paper")] = None,
    reused: Annotated[
        int | None, Query(ge=0, le=2, description="Tái sử dụng: 0 no; 1, 2 as the national database numbers it")
    ] = None,
    from_store: Annotated[bool | None, Query(description="Lấy từ kho dữ liệu điện tử: it came from there")] = None,
) -> Response:
    """Read as it arrives, in bounded memory: PDF, JPEG, PNG, TIFF, DOCX, XLSX or ODT, told by its bytes. What its name
    or its Content-Type says counts for nothing; a Content-Type that contradicts the bytes is refused, and so is what
    is cut off, locked with a password, or holds macros.

    An applicant sends files of their own dossier while it is open; what was digitised or reused, the agency says. The
    same content again under the same component
    changes nothing, so a broken upload is simply sent again.
    """
    length = request.headers.get("content-length", "")
    attached = await usecases.attach(
        room.pool,
        room.settings.files_place,
        principal,
        await room.authenticator.identity(request),
        room.keyring,
        usecases.Wanted(
            code=code,
            name=name,
            component=component,
            replaces=replaces,
            content_type=request.headers.get("content-type", ""),
            length=int(length) if length.isdecimal() and len(length) < 20 else None,
            said=Mark(digitised, reused, from_store),
        ),
        request.stream(),
        now(),
        room.settings.max_file_bytes,
    )
    body = _file(attached.row, code, reference)
    headers = {"Location": body["content"]}
    return json_answer(body, 201, headers) if attached.new else json_answer(body, 200)


@router.get(
    "",
    operation_id="listFiles",
    summary="Các tệp của hồ sơ · The files of a dossier",
    response_description="All of them, in the order in which they were sent",
    response_model=DossierFiles,
    responses=refusals(*READING),
)
async def listed(
    request: Request, code: DossierCode, room: RoomOf, reference: ReferenceOf, principal: Caller, _: Awaited
) -> Response:
    """What each is, with its hash, its versions, and who sent it; their contents are read one by one. An applicant is
    shown those that they sent themselves, of a dossier of their own, in whatever state it is. Whoever does not see all
    of the applicant's data finds long numbers in names hidden."""
    citizen = await room.authenticator.identity(request)
    found = await usecases.listed(room.pool, principal, citizen, room.keyring, code)
    return json_answer({"items": [_file(row, code, reference, whole=found.whole) for row in found.rows]})


@router.get(
    "/{file_id}/content",
    operation_id="readFileContent",
    summary="Nội dung một tệp · The content of a file",
    response_class=Response,
    responses={
        200: {
            "description": "Its bytes",
            "headers": _HEADERS,
            "content": _CONTENT,
        },
        304: UNCHANGED,
        **refusals(*READING, "invalid_request", "unavailable"),
    },
    openapi_extra={"parameters": [ASKED]},
)
async def read(
    request: Request,
    code: DossierCode,
    file_id: FileId,
    room: RoomOf,
    principal: Caller,
    connection: RecordedSession,
) -> Response:
    """As it was sent, byte for byte, as a file to be saved. For whoever sees all of the applicant's data
    (docs/rights.md): a scan masks nothing. Each reading is on record (`GET /v1/access-records`)."""
    found = await usecases.readable(connection, code, file_id, principal)
    etag = f'"{found.row["sha256"].hex()}"'
    if is_known(known_to(request), etag):
        return Response(status_code=304, headers={"ETag": etag, **UNKEPT})
    answer: Response
    if request.scope.get(ONLY_HEAD):
        await usecases.need_content(room.settings.files_place, found)
        answer = Response(media_type=found.row["media_type"])  # nothing of it is read, and nothing on record
    else:
        chunks = await usecases.content(connection, room.settings.files_place, found, principal, now())
        answer = Streamed(room, chunks, found.row["media_type"])
    return _saved(answer, found.row, {"ETag": etag})


@links_router.get(
    "/{file_id}/content",
    operation_id="fetchFile",
    summary="Tải tệp theo liên kết đã ký · Fetch a file by a signed link",
    response_class=Response,
    responses={
        200: {"description": "Its bytes", "headers": _SAVED, "content": _CONTENT},
        **refusals("not_found", "invalid_request", "too_many_requests", "unavailable"),
    },
)
async def fetch(
    request: Request,
    file_id: FileId,
    room: RoomOf,
    until: Annotated[
        int,
        Query(ge=0, le=253402300799, description="Until when it holds, in seconds since 1970", examples=[1795000000]),
    ],
    signature: Annotated[str, Query(pattern=links.SIGNATURE, description="Of the file and of `until`")],
) -> Response:
    """For whoever was given the link: the national database, which is told one for each file of a dossier
    (docs/files.md). It holds for some days, and for no file that was erased. A link that is not right, is over, or
    leads to nothing looks the same: 404. Each reading is on record (`GET /v1/access-records`, role `link`)."""
    at = now()
    if not links.holds(room.settings.file_links, file_id, until, signature, at):
        room.limits.ask(request, at.timestamp())  # only what is wrong is counted: it fetches many from one address
        raise Problem("not_found")
    answer: Response
    async with room.pool.acquire(EVERY_ROW) as connection:  # the link says it all
        found = await usecases.linked(connection, file_id)
        if request.scope.get(ONLY_HEAD):
            await usecases.need_content(room.settings.files_place, found)
            answer = Response(media_type=found.row["media_type"])
        else:
            chunks = await usecases.linked_content(connection, room.settings.files_place, found, at)
            answer = Streamed(room, chunks, found.row["media_type"])
    return _saved(answer, found.row)


def _saved(answer: Response, row: asyncpg.Record, tag: Mapping[str, str] | None = None) -> Response:
    """An answer with a file in it, as a file to be saved."""
    answer.headers.update({**(tag or {}), **UNKEPT})
    answer.headers["Content-Disposition"] = disposition(row["name"])
    answer.headers["Content-Length"] = str(row["size"])
    return answer


@router.put(
    "/{file_id}/marks",
    operation_id="markFile",
    summary="Đánh dấu số hóa, tái sử dụng · Say whether a file was digitised or reused",
    response_model=DossierFile,
    responses={
        **good(200, "The file as it is marked now", ETAG),
        **refusals(*READING, "conflict", "version_changed", *BODY),
    },
)
async def mark(
    code: DossierCode,
    file_id: FileId,
    reference: ReferenceOf,
    principal: Caller,
    connection: WritingSession,
    body: FileMarksIn,
    if_match: MarksMatch = None,
) -> Response:
    """All that is said of it, in place of what was: that stays on record. Repeating it changes nothing."""
    said = Mark(body.digitised, body.reused, body.from_store)
    marked = await usecases.mark(connection, code, file_id, principal, said, version_of(if_match), now())
    told = _file(marked.row, code, reference, whole=marked.whole)
    return json_answer(told, 200, {"ETag": f'"{marked.row["marks_version"]}"'})


@router.get(
    "/{file_id}/marks",
    operation_id="listFileMarks",
    summary="Quá trình đánh dấu một tệp · What was said of a file, and by whom",
    response_model=FileMarks,
    responses={**good(200, "All that was ever said of it", ETAG), **refusals(*READING, "invalid_request")},
)
async def marks(
    code: DossierCode, file_id: FileId, reference: ReferenceOf, principal: Caller, connection: ReadingSession
) -> Response:
    """The latest first; that one holds."""
    rows = await usecases.marks(connection, code, file_id, principal)
    items = [
        {
            **{name: row[name] for name in ("n", "digitised", "reused", "from_store", "marked_by")},
            "marked_at": shown(row["marked_at"]),
            "agency": reference.agencies.by_id[row["agency_id"]].code,
        }
        for row in rows
    ]
    return json_answer({"items": items}, 200, {"ETag": f'"{items[0]["n"] if items else 0}"'})


def disposition(name: str) -> str:
    """The header that gives a file a name where it is kept, and never opens it in the page (RFC 6266, RFC 8187)."""
    plain = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D")).encode("ascii", "ignore").decode()
    if plain.startswith("."):  # nothing of it is Latin: alone, the extension would be a name that is not seen
        plain = f"{rules.NAMELESS}{plain}"
    return (
        f"attachment; filename=\"{re.sub(r'[^A-Za-z0-9 ._()-]', '_', plain)}\"; filename*=UTF-8''{quote(name, safe='')}"
    )


def _file(row: asyncpg.Record, code: str, reference: Reference, *, whole: bool = True) -> dict[str, Any]:
    agency = reference.agencies.by_id[row["agency_id"]]
    erased = row["erased_at"] is not None
    return {
        "id": str(row["id"]),
        "name": row["name"] if whole else without_numbers(row["name"]),
        "component": row["component"],
        "media_type": row["media_type"],
        "size": row["size"],
        "sha256": row["sha256"].hex(),
        "uploaded_at": shown(row["uploaded_at"]),
        "uploaded_by": row["uploaded_by"],
        "agency": agency.code,
        "agency_name": agency.name,
        **{name: row[name] for name in ("digitised", "reused", "from_store", "marks_version", "marked_by")},
        "marked_at": shown(row["marked_at"]),
        "replaces": str(row["replaces"]) if row["replaces"] else None,
        "replaced_by": str(row["replaced_by"]) if row["replaced_by"] else None,
        "erased_at": shown(row["erased_at"]),
        "content": None if erased else f"/v1/dossiers/{quote(code, safe='')}/files/{row['id']}/content",
    }
