"""HTTP of a dossier's papers: what is asked for, held against what is there."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from intake_service.documents import rules, usecases
from intake_service.files.links import addresses
from shared.contracts.documents import DossierDocuments
from shared.domain.civil_time import shown
from shared.domain.personal import without_numbers
from shared.reference import Reference
from shared.web.answers import json_answer
from shared.web.app import ReferenceOf, RoomOf
from shared.web.auth import Caller
from shared.web.clock import now
from shared.web.database import ReadingSession
from shared.web.places import DossierCode
from shared.web.problems import READING, language_of, refusals

router = APIRouter(prefix="/v1/dossiers", tags=["files"])


@router.get(
    "/{code}/documents",
    operation_id="readDocuments",
    summary="Thành phần hồ sơ: đã có, còn thiếu · The papers of a dossier: what is there, what is missing",
    response_description="Asked for and there; what is missing holds nothing up",
    response_model=DossierDocuments,
    responses=refusals(*READING),
)
async def read(
    request: Request,
    code: DossierCode,
    room: RoomOf,
    reference: ReferenceOf,
    principal: Caller,
    connection: ReadingSession,
) -> Response:
    """Each component that the procedure asked for when the dossier was handed in, with the papers and files that are
    called by its code or its name; what no component asks for; the result; and what the national database would still
    have to be told. Whoever does not see all of the applicant's data finds long numbers in names of files hidden."""
    address_of = addresses(room.settings.file_links, now())
    found = await usecases.documents(connection, reference, code, principal, address_of)
    papers, dossier = found.papers, found.dossier
    held = papers.held
    language = language_of(request)
    body: dict[str, Any] = {
        "code": dossier["code"],
        "procedure": reference.versions[dossier["version_id"]].code,
        "asked_on": papers.asked_on,
        "entered": held.components is not None,
        "complete": held.complete,
        "components": [_component(each, found.whole) for each in held.components or ()],
        "unasked_papers": [_paper(paper) for paper in held.unasked_papers],
        "unasked_files": [_file(file, found.whole) for file in held.unasked_files],
        "result_files": [_file(file, found.whole) for file in held.result_files],
        "result": _result(papers.result, reference) if papers.result else None,
        "earlier_results": [_result(each, reference) for each in papers.earlier],
        "national_blockers": [each.wire(language) for each in found.message.blockers],
    }
    return json_answer(body)


def _component(each: rules.ComponentHeld, whole: bool) -> dict[str, Any]:
    return {
        **each.component,
        "papers": [_paper(paper) for paper in each.papers],
        "files": [_file(file, whole) for file in each.files],
        "missing": each.missing,
        "lacks": [{"kind": kind, "count": count} for kind, count in each.lacks],
    }


def _paper(paper: rules.Paper) -> dict[str, Any]:
    return {"name": paper.name, "kind": paper.kind, "count": paper.count}


def _file(file: rules.FileRow, whole: bool) -> dict[str, Any]:
    marks = {"digitised": file.digitised, "reused": file.reused, "from_store": file.from_store}
    name = file.name if whole else without_numbers(file.name)
    return {"id": file.id, "name": name, "latest": file.latest, **marks}


def _result(result: rules.Result, reference: Reference) -> dict[str, Any]:
    words = ("number", "issued_on", "name", "code", "signed_by", "file", "sha256", "reason")
    return {
        "seq": result.seq,
        "recorded_at": shown(result.recorded_at),
        "recorded_by": result.actor,
        "for_agency": reference.agencies.by_id[result.acting_agency_id].code,
        **{name: getattr(result, name) for name in words},
    }
