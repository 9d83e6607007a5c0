"""How each operation of the contracts is called in good order, on a province with something in it: the one place that
is made hostile is then what decides."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
import httpx

from services.local_issuer import LocalIssuer
from shared.domain.civil_time import civil_day
from shared.web.auth import RIGHTS, Role
from shared.web.clock import now
from tests.contracts.documents import Operation
from tests.intake.bodies import a_pdf
from tests.intake.petitions import a_petition
from tests.rights.conftest import Province
from tests.rights.test_relations import INTAKE, ROUTING, Act
from tests.support import PROVINCE, REGISTER_COPY, WARD, a_draft, bearer

_TODAY = civil_day(now())
_TOMORROW = (_TODAY + timedelta(days=1)).isoformat()
_NEXT_YEAR = f"{_TODAY.year + 1}-03-0"
_WHY = {"reason": "Theo quy định"}
_HALF = {"agency": "45", "from": "2019-01-01", "to": "2019-06-30"}
_STEP = {"relation": "receiving", "role": "lead", "allotted": {"value": 2, "unit": "working_hour"}}
#: Every operation with a body or a state of its own; of the others, their parameters' examples will do.
ACTS = {
    **INTAKE,
    **ROUTING,
    "receiveDossier": Act("POST", "", a_draft(phone="0905 000 001")),
    "submitPetition": Act("POST", "", a_petition()),
    "enterPetition": Act("POST", "", a_petition(channel="post")),
    "giveInformation": Act("POST", "", {"information": "Tôi nộp hôm qua"}),
    "takeUpPetition": Act("POST", "", None),
    "forwardPetition": Act("POST", "", {"agency": "19351", "note": "Thuộc thẩm quyền"}),
    "refusePetition": Act("POST", "", _WHY),
    "askPetitioner": Act("POST", "", {"question": "Ngày nào?"}),
    "recordInformation": Act("POST", "", {"information": "Hôm qua"}),
    "answerPetition": Act("POST", "", {"answer": "Đã xong"}),
    "publishPetition": Act("POST", "", {"title": "Việc", "content": "Nội dung", "answer": "Đã xong"}),
    "withholdPetition": Act("POST", "", _WHY),
    "enterPetitionTerm": Act(
        "POST",
        "",
        {
            **{"step": "answer", "measure": "scoring", "working_days": 10, "citation": "Điều 9", "basis": "read whole"},
            **{"confirmed": True, "valid_from": _TOMORROW, "decision": "12/QĐ-VP", **_WHY},
        },
    ),
    "attachFile": Act("POST", "", a_pdf(), "received"),
    "rateDossier": Act("PUT", "", {"level": "satisfied", "criteria": {"attitude": 2}, "words": "Nhanh"}, "received"),
    "markFile": Act("PUT", "", {"digitised": True, "reused": 0, "from_store": False}, "received"),
    "actOnDossiers": Act("POST", "", {"items": [{"action": "finish", "code": "{code}"}]}),
    "rejectExtension": Act("POST", "", _WHY, "proposed"),
    "recordSending": Act("POST", "", {"channel": "sms", "to": "0905 000 001"}, "apologised"),
    "recordReceipt": Act("POST", "", {"by": "Nguyễn Thị Đào"}, "apologised"),
    "enterSupplementRule": Act(
        "POST",
        "",
        {
            **{"valid_from": _TOMORROW, "effect": "pause", "request_limit": 1, "ask_within": 5, "confirmed": True},
            **{"regime": "1/2027/NĐ-CP", "citation": "Điều 20", "basis": "read whole", "decision": "12/QĐ-VP"},
            **_WHY,
        },
    ),
    "endSupplementRule": Act("POST", "", {"decision": "12/QĐ-VP", "valid_to": _TOMORROW, **_WHY}),
    "setComponents": Act(
        "PUT",
        "",
        {
            **{"valid_from": _TOMORROW, "decision": "163/QĐ-BTP", **_WHY},
            "components": [{"code": "GT1", "name": "Giấy chứng sinh", "forms": [{"kind": "copy", "count": 2}]}],
        },
    ),
    "setAgencySessions": Act(
        "PUT",
        "",
        {
            "valid_from": _TOMORROW,
            "basis": "Quyết định 12/QĐ-UBND",
            "blocks": [{"weekday": 0, "opens": "07:00", "closes": "11:30"}],
        },
    ),
    "enterIdentificationCodes": Act(
        "POST", "", {"decision": "12/QĐ-VP", "codes": [{"agency": WARD, "identification_code": "H50.142"}], **_WHY}
    ),
    "previewCalendarChange": Act("POST", "", {"days": [{"day": f"{_NEXT_YEAR}1", "kind": "normal"}]}),
    "changeCalendar": Act(
        "POST", "", {"days": [{"day": f"{_NEXT_YEAR}2", "kind": "normal"}], "decision": "512/QĐ-UBND", **_WHY}
    ),
    "openCase": Act("POST", "", {"code": "{code}"}, "received"),
    "openCases": Act("POST", "", {"items": [{"code": "{code}"}]}, "received"),
    "actOnCases": Act("POST", "", {"items": [{"action": "hand_over", "code": "{code}", "to_agency": WARD}]}),
    "delegate": Act("POST", "", {"delegate": "an@44", "from": _TODAY.isoformat(), "to": _TOMORROW}),
    "reorganise": Act(
        "POST",
        "",
        {
            **{"name": "Sắp xếp", "decision_number": "1/NQ", "effective_day": _TOMORROW, "dry_run": True, **_WHY},
            "rules": [{"from": "19351", "to": [{"agency": WARD}]}],
            "beyond_succession": "Điều chỉnh việc",
        },
    ),
    "finishSegment": Act("POST", "", {"note": "Đã có văn bản"}),
    "defineWorkflow": Act(
        "POST",
        "",
        {
            **{"code": "LT-1", "kind": "linked", "name": "Liên thông", "procedure": REGISTER_COPY, "agency": WARD},
            **{"basis": "Điều 19", "valid_from": "2026-01-01", "steps": [_STEP]},
        },
    ),
    "approveCatalogueProposal": Act("POST", "", {"valid_from": _NEXT_YEAR + "1", "decision": "1/QĐ", **_WHY}),
    "rejectCatalogueProposal": Act("POST", "", _WHY),
    "setCatalogueMapping": Act("PUT", "", {"local_code": WARD, "national_code": "H50.101", **_WHY}),
    "resyncNational": Act("POST", "", {"from": "2026-01-01", "to": "2026-01-31"}),
    "beginNationalRound": Act("POST", "", {"from": "2026-01-01"}),
    "resendNationalDifferences": Act("POST", "", {"kind": "missing"}),
    "resendNationalMessages": Act("POST", "", {"state": "dead"}),
    "createWebhook": Act("POST", "", {"url": "https://127.0.0.1/", "kinds": ["finished"]}),
    "changeWebhook": Act("PUT", "", {"url": "https://127.0.0.1/", "kinds": ["finished"]}),
    "rotateWebhookSecret": Act("POST", "", {"overlap_hours": 1}),
    "enterOfficialForm": Act("PUT", ""),
    "sealEdition": Act("POST", "", {"report": "resolution", "parameters": _HALF}),
}
_PLACES = {
    **{"import_id": "3f1c0a2e-7b1d-4d6b-9a53-0d7f8f2f6a10", "rule_id": "1", "seq": "1", "no": "1", "n": "1"},
    **{"number": "1", "edition_id": "1", "delegation_id": "1", "reorganisation_id": "1", "form": "receipt"},
    **{"record_id": "1", "message_id": "msg_none"},
    "file_id": "3f1c0a2e-7b1d-4d6b-9a53-0d7f8f2f6a10",
    "format": "pdf",
    **{"kind": "agencies", "pull_id": "1", "proposal_id": "1", "round_id": "1"},
}
_CATALOGUES = {"/v1/procedures": REGISTER_COPY, "/v1/agencies": WARD, "/v1/workflows": "LT-0"}
#: Parameters without which nothing is asked.
_ASKED: dict[str, dict[str, str]] = {
    "attachFile": {"name": "đơn.pdf"},
    "previewDeadline": {"procedure": REGISTER_COPY, "agency": WARD},
    "readCalendar": {"year": "2026"},
    "index766Report": {"agency": "45", "period": "2019-H1"},
    "nationalVerdictsReport": _HALF,
    "ratesReport": _HALF,
    "ratesReportDossiers": _HALF,
    "nationalVerdictsDossiers": {**_HALF, "verdicts": "all"},
    **dict.fromkeys(("resolutionReport", "tableII06a", "letterAnnex", "lateList"), _HALF),
    "resolutionReportDossiers": {**_HALF, "figure": "received"},
    "satisfactionReport": _HALF,
    "satisfactionReportDossiers": {**_HALF, "figure": "rated"},
    "readLedger": {"agency": WARD, "from": _TODAY.isoformat(), "to": _TODAY.isoformat()},
}


@dataclass
class Call:
    """One request in good order."""

    path: dict[str, str]
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


@dataclass
class Scene(Province):
    """The three rooms over one database, and its owner."""

    stats: httpx.AsyncClient
    owner: asyncpg.Connection
    _codes: dict[str, str] = field(default_factory=dict)
    _webhook: str | None = None

    def room(self, name: str) -> httpx.AsyncClient:
        client: httpx.AsyncClient = getattr(self, name)
        return client

    async def code(self, state: str) -> str:
        """A dossier in a state; the same until something is done to it."""
        if state not in self._codes:
            self._codes[state] = await self._made(state)
        return self._codes[state]

    def moved(self) -> None:
        """Something was done to one of them."""
        self._codes.clear()

    async def _made(self, state: str) -> str:
        if state in ("received", "opened", "proposed", "apologised"):
            body = a_draft(procedure=REGISTER_COPY)
            code = str((await self.did(self.intake, "/v1/dossiers", "counter", WARD, body))["code"])
            if state == "opened":
                await self.did(self.routing, "/v1/cases", "machine", PROVINCE, {"code": code})
            elif state != "received":
                act = INTAKE["proposeExtension" if state == "proposed" else "apologise"]
                await self.did(self.intake, f"/v1/dossiers/{code}{act.path}", "admin", PROVINCE, act.body)
            return code
        return await self.dossier(state)

    async def call(self, operation: Operation) -> Call:
        """How an operation is called in good order."""
        name = operation.told["operationId"]
        act = ACTS.get(name)
        code = await self.code(_state(operation, act))
        places, query = {**_PLACES, "code": _catalogue(operation.path) or code}, dict(_ASKED.get(name, {}))
        if "/petitions/{code}" in operation.path:
            places["code"], secret = await self._petition(name)
            query |= {"secret": secret} if "/public/" in operation.path else {}
        if operation.path.startswith("/v1/reports/official-tables"):
            places["form"] = "ii-06a"
        if "{webhook_id}" in operation.path:
            places["webhook_id"] = await self.webhook(anew=name in ("deleteWebhook", "testWebhook"))
        body = await self._form() if name == "enterOfficialForm" else act.body if act else None
        return Call(
            path={each["name"]: places[each["name"]] for each in _of(operation, "path")},
            query=query,
            headers=_headers(self.issuer, operation),
            body=_with(body, code),
        )

    async def webhook(self, *, anew: bool) -> str:
        """One of the ward's; anew: to which nothing was done yet, in place of the one before."""
        if anew and self._webhook is not None:
            gone = f"/v1/webhooks/{self._webhook}"
            await self.routing.delete(gone, headers=self.as_("admin", WARD))
        if anew or self._webhook is None:
            made = await self.did(self.routing, "/v1/webhooks", "admin", WARD, ACTS["createWebhook"].body)
            self._webhook = str(made["id"])
        return self._webhook

    async def _petition(self, name: str) -> tuple[str, str]:
        """A petition with which an operation may be done, and its secret."""
        answer = await self.intake.post("/v1/public/petitions", json=a_petition())
        made: dict[str, str] = answer.json()
        before = {
            **dict.fromkeys(("publishPetition", "withholdPetition"), ("answer", {"answer": "Đã xong"})),
            **dict.fromkeys(("giveInformation", "recordInformation"), ("information-requests", {"question": "Nào?"})),
        }.get(name)
        if before is not None:
            await self.did(self.intake, f"/v1/petitions/{made['code']}/{before[0]}", "admin", PROVINCE, before[1])
        return made["code"], made["secret"]

    async def _form(self) -> Any:
        """The form of table II.06a as it is."""
        form = (await self.stats.get("/v1/reports/official-tables/forms/ii-06a")).json()
        return {name: value for name, value in form.items() if name != "form" and value is not None}


def _state(operation: Operation, act: Act | None) -> str:
    """The state of the dossier in whose place it is called: whoever asks is above all agencies, so few have to be
    handed over first."""
    given = act.state if act is not None else "held"
    if given != "held" or operation.told["operationId"] == "returnHandOver":
        return given
    return "opened" if operation.room == "routing" else "received"


def _of(operation: Operation, place: str) -> list[dict[str, Any]]:
    return [each for each in operation.told.get("parameters", []) if each["in"] == place]


def _catalogue(path: str) -> str:
    return next((code for prefix, code in _CATALOGUES.items() if path.startswith(prefix)), "")


def _headers(issuer: LocalIssuer, operation: Operation) -> dict[str, str]:
    right = RIGHTS[operation.told["operationId"]]
    chosen = next((role for role in (Role.ADMIN, Role.LEADER, Role.COUNTER, Role.MACHINE) if role in right.roles), None)
    return bearer(issuer, chosen, PROVINCE) if chosen else {}


def _with(body: Any, code: str) -> Any:
    """A body in which `{code}` is a dossier's."""
    if isinstance(body, dict):
        return {name: _with(value, code) for name, value in body.items()}
    if isinstance(body, list):
        return [_with(value, code) for value in body]
    return code if body == "{code}" else body
