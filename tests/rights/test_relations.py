"""Every right about a dossier, for each of its roles and for each who stands in some relation to it: whoever received
it, has it in hands, gave it, was asked about it, or has nothing to do with it. Roles without the right are refused by
tests/contracts/test_every_endpoint_is_guarded.py, whatever they ask."""

from dataclasses import dataclass
from typing import Any

import pytest

from shared.domain.civil_time import civil_day
from shared.web.auth import RIGHTS, Relation, Role
from shared.web.clock import now
from tests.rights.conftest import ASKED, STRANGER, Province
from tests.support import JUSTICE, PROVINCE, WARD, workday

LATER = workday(20).isoformat()
TODAY = civil_day(now()).isoformat()


@dataclass(frozen=True)
class Act:
    """How an operation is called on a dossier: well-formed, so that who asks is what decides."""

    method: str
    path: str
    body: Any = None
    state: str = "held"


_REASON = {"reason": "Theo quy định"}
_LETTER = {**_REASON, "number": "12/PXL-STP", "signed_by": "Trần Văn Bình"}
INTAKE = {
    "readDossier": Act("GET", ""),
    "readDossierEvents": Act("GET", "/events"),
    "readDeadline": Act("GET", "/deadline"),
    "listForms": Act("GET", "/forms"),
    "readForm": Act("GET", "/forms/receipt.pdf"),
    "listFiles": Act("GET", "/files"),
    "readDocuments": Act("GET", "/documents"),
    "readApologies": Act("GET", "/apologies"),
    "readExtensionProposals": Act("GET", "/extension-proposals"),
    "acceptDossier": Act("POST", "/accept", {}, "submitted"),
    "refuseDossier": Act("POST", "/refuse", _REASON, "submitted"),
    "requestSupplement": Act("POST", "/supplement-requests", _REASON),
    "supplementDossier": Act("POST", "/supplements", {}),
    "requestPayment": Act("POST", "/payment-requests", _REASON),
    "payDossier": Act("POST", "/payments", {}),
    "extendDossier": Act("POST", "/extensions", {**_LETTER, "new_due_at": LATER}),
    "apologise": Act("POST", "/apologies", {**_LETTER, "kind": "lost_or_damaged"}),
    "withdrawDossier": Act("POST", "/withdraw", _REASON),
    "stopDossier": Act("POST", "/stop", _REASON),
    "finishDossier": Act("POST", "/finish", {"outcome": "granted"}),
    "recordResult": Act("POST", "/results", {"number": "125/GCN-UBND", "issued_on": TODAY}),
    "returnDossier": Act("POST", "/return", {}),
    "reopenDossier": Act("POST", "/reopen", _REASON),
    "correctDossier": Act(
        "POST", "/corrections", {**_REASON, "decision": "07/BB", "applicant": {"name": "Nguyễn Thị Mận"}}
    ),
    "proposeExtension": Act(
        "POST", "/extension-proposals", {**_LETTER, "apology": "Cơ quan xin lỗi", "new_due_at": LATER}
    ),
}
ROUTING = {
    "readCase": Act("GET", ""),
    "listHandOvers": Act("GET", "/hand-overs"),
    "listAssignments": Act("GET", "/assignments"),
    "listSegments": Act("GET", "/segments"),
    "readOpinions": Act("GET", "/opinions"),
    "reportFinish": Act("POST", "/finish", {"outcome": "granted"}),
    "handOver": Act("POST", "/hand-overs", {"to_agency": STRANGER}),
    "receiveHandOver": Act("POST", "/hand-overs/1/receive", {}, "given"),
    "declineHandOver": Act("POST", "/hand-overs/1/decline", _REASON, "given"),
    "recallHandOver": Act("POST", "/hand-overs/1/recall", {}, "given"),
    "returnHandOver": Act("POST", "/hand-overs/1/return", _REASON),
    "assignCase": Act("POST", "/assignments", {"assignee": "an@QT25-D03"}),
    "askOpinion": Act(
        "POST",
        "/opinions",
        {"agency": ASKED, "content": "Xin ý kiến", "allotted": {"value": 8, "unit": "working_hour"}},
    ),
    "answerOpinion": Act("POST", "/opinions/1/answer", {"answer": "Thống nhất"}, "asked"),
}
#: Whose tests hold the rest: what is asked of a list, of an agency, of many dossiers at once, of a share.
ELSEWHERE = {
    "actOnDossiers": "tests/intake/test_bulk.py",
    "attachFile": "tests/rights/test_files.py",
    "readFileContent": "tests/rights/test_files.py",
    "markFile": "tests/rights/test_files.py",
    "listFileMarks": "tests/rights/test_files.py",
    "actOnCases": "tests/routing/test_bulk.py",
    "recordSending": "tests/intake/test_apology_register.py",
    "recordReceipt": "tests/intake/test_apology_register.py",
    "rejectExtension": "tests/intake/test_extension_proposal.py",
    "finishSegment": "tests/routing/test_segments_sequential.py",
}
#: Of whom an act may be, by the relation that it asks for.
_MAY = {
    Relation.RECEIVER_OR_HOLDER: {WARD, JUSTICE, PROVINCE},
    Relation.PARTY: {WARD, JUSTICE, PROVINCE},
    Relation.HOLDER: {JUSTICE, PROVINCE},
    Relation.GIVER: {WARD, PROVINCE},
    Relation.AT_WORK: {JUSTICE, PROVINCE},
    Relation.ASKED: {ASKED, PROVINCE},
}
CELLS = [(room, name) for room, acts in (("intake", INTAKE), ("routing", ROUTING)) for name in acts]


def test_every_right_about_a_dossier_is_tried() -> None:
    of_a_dossier = {name for name, right in RIGHTS.items() if right.relation in {*_MAY, Relation.SHARE, Relation.SIGHT}}
    assert of_a_dossier == {*INTAKE, *ROUTING, *ELSEWHERE}


@pytest.mark.parametrize(("room", "name"), CELLS, ids=[name for _, name in CELLS])
async def test_it_is_for_whoever_stands_in_that_relation_and_for_nobody_else(
    province: Province, room: str, name: str
) -> None:
    act, right = {**INTAKE, **ROUTING}[name], RIGHTS[name]
    client, base = (province.intake, "/v1/dossiers") if room == "intake" else (province.routing, "/v1/cases")
    may = _MAY[right.relation] - ({JUSTICE} if act.state == "submitted" else set())
    code = await province.dossier(act.state)
    for agency in (STRANGER, ASKED, WARD, JUSTICE, PROVINCE):
        for role in sorted(right.roles - {Role.CITIZEN}):
            answer = await client.request(
                act.method, f"{base}/{code}{act.path}", json=act.body, headers=province.as_(role, agency)
            )
            allowed = agency in may and role not in right.by_delegation
            told = f"{role} of {agency}: {answer.status_code} {answer.text[:300]}"
            if allowed:
                assert answer.status_code not in (401, 403, 404, 500), told
                if act.method != "GET" and answer.status_code < 300:
                    code = await province.dossier(act.state)
            else:
                assert answer.status_code in (403, 404), told
            if agency == STRANGER:
                assert answer.status_code == 404, f"a stranger does not learn that it exists: {told}"
