"""Every operation that takes an Idempotency-Key: asked by several hands at once it has one effect and one answer, later
it has none, and with another body it is another request."""

import asyncio
import json

import httpx
import pytest

from tests.contracts.documents import ALL, Operation
from tests.hostile.answers import traces
from tests.hostile.calls import Call, Scene

KEYED = [
    operation
    for operation in ALL
    if any(parameter["name"] == "Idempotency-Key" for parameter in operation.told.get("parameters", []))
]
#: Refused as calls.py asks for them: a refusal takes no key, and several get the same one. Their own tests have a place
#: in which they are done.
REFUSED = {
    *("endSupplementRule", "supplementDossier", "payDossier", "returnDossier", "reopenDossier", "recordReceipt"),
    "recordResult",
    *("changeCalendar", "handOver", "finishSegment"),
}
#: Of many dossiers at once: what was done is told apart from what had been done.
TELLS_EARLIER = {"actOnDossiers", "actOnCases"}
HANDS = 4
#: What may be sent twice without a key, and why; everything else that is no GET takes one, or is a PUT.
WITHOUT = {
    "attachFile": "the same content again is the file that is there",
    "importDossiers": "the same record again changes nothing",
    "previewCalendarChange": "changes nothing",
    "openCase": "a dossier has one case",
    "openCases": "a dossier has one case",
    "reportFinish": "the same finish again changes nothing",
    "giveInformation": "a question is answered once",
    "endDelegation": "what has ended ends no more",
    "pauseWebhook": "sets it",
    "resumeWebhook": "sets it",
    "deleteWebhook": "what was deleted is not there",
    "resendNationalMessage": "what waits already is refused",
    "resendNationalMessages": "what waits already waits",
    "resendExchange": "what waits already is refused",
    "beginNationalRound": "while one is under way no other begins",
    "beginCataloguePull": "while one is under way no other begins",
    "approveCatalogueProposal": "what is decided is refused",
    "rejectCatalogueProposal": "what is decided is refused",
    "resendWebhookDelivery": "what waits already is refused",
}


def test_every_change_takes_a_key_or_needs_none() -> None:
    changing = {
        operation.told["operationId"] for operation in ALL if operation.method.lower() in ("post", "patch", "delete")
    }
    assert changing - {operation.told["operationId"] for operation in KEYED} == set(WITHOUT)


async def sent(scene: Scene, operation: Operation, call: Call, behind: str = "") -> httpx.Response:
    return await scene.room(operation.room).request(
        operation.method,
        operation.path.format_map(call.path),
        headers={**call.headers, "Idempotency-Key": "once", "Content-Type": "application/json"},
        content=json.dumps(call.body) + behind,
    )


@pytest.mark.parametrize("operation", KEYED, ids=str)
async def test_a_key_has_one_effect(scene: Scene, operation: Operation) -> None:
    scene.moved()
    call, name = await scene.call(operation), operation.told["operationId"]
    answers = await asyncio.gather(*(sent(scene, operation, call) for _ in range(HANDS)))
    assert {answer.is_success for answer in answers} == {name not in REFUSED}, answers[0].text
    before = await traces(scene.owner)
    again = await sent(scene, operation, call)
    other = await sent(scene, operation, call, " ")
    assert await traces(scene.owner) == before, "nothing more is written"
    assert {answer.status_code for answer in (*answers, again)} == {answers[0].status_code}
    if name in TELLS_EARLIER:
        assert sum(answer.json()["done"] for answer in (*answers, again)) <= 1
    else:
        assert all(answer.json() == again.json() for answer in answers)
    if name not in {*REFUSED, "reorganise"}:  # which is a trial here, and takes no key
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
