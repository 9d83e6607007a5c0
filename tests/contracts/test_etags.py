"""Who takes `If-Match` hands out what it is compared with: the `ETag` of its answer stands in the contract."""

from typing import Any

import pytest

from tests.contracts.documents import ALL, Operation


def told_in(operation: Operation) -> dict[str, bool]:
    """The good answers of an operation, and whether each tells an ETag."""
    answers: dict[str, dict[str, Any]] = operation.told["responses"]
    return {status: "ETag" in told.get("headers", {}) for status, told in answers.items() if status.startswith("2")}


#: They are decided upon a version of the dossier, change nothing of it, and answer with the proposal or the apology.
BESIDE_IT = {"proposeExtension", "rejectExtension", "recordSending", "recordReceipt"}
TAKING = [
    operation
    for operation in ALL
    if any(parameter["name"] == "If-Match" for parameter in operation.told.get("parameters", []))
]


@pytest.mark.parametrize("operation", [each for each in TAKING if each.told["operationId"] not in BESIDE_IT], ids=str)
def test_who_takes_one_tells_the_next(operation: Operation) -> None:
    assert set(told_in(operation).values()) == {True}
    assert "412" in operation.told["responses"]


@pytest.mark.parametrize(
    "name",
    ["readCase", "openCase", "listSegments", "readAgencySessions", "delegate", "readSupplementRule"],
)
def test_it_is_told_before_it_is_asked_for(name: str) -> None:
    (operation,) = [each for each in ALL if each.told["operationId"] == name]
    assert set(told_in(operation).values()) == {True}


def test_the_end_of_a_supplement_rule_takes_one() -> None:
    assert "endSupplementRule" in {operation.told["operationId"] for operation in TAKING}


#: What changes nothing that anybody has read, and why; everything else that is no GET takes `If-Match`.
NOTHING_TO_COMPARE = {
    "enterSupplementRule": "enters a rule",
    "receiveDossier": "makes a dossier",
    "submitPetition": "makes a petition",
    "enterPetition": "makes a petition",
    "giveInformation": "answers a question, which is asked once",
    "enterPetitionTerm": "enters a term, each beside those before",
    "rateDossier": "one person's own word: the last one holds",
    "importDossiers": "makes dossiers",
    "resendNationalMessage": "sends what is stuck; what is not stuck any more is refused",
    "resendNationalMessages": "what is stuck waits again, whatever it says",
    "beginCataloguePull": "begins a reading",
    "beginNationalRound": "begins a round",
    "resendExchange": "sends what is stuck; what is not stuck any more is refused",
    "resendNationalDifferences": "queues dossiers once more",
    "resyncNational": "queues dossiers once more",
    "attachFile": "adds a file; a newer version names the one that it replaces",
    "previewCalendarChange": "changes nothing",
    "changeCalendar": "enters a change",
    "enterIdentificationCodes": "enters codes; which they replace is on record",
    "openCase": "makes a case",
    "openCases": "makes cases",
    "delegate": "makes a delegation",
    "reorganise": "enters a reorganisation",
    "defineWorkflow": "defines a workflow anew, each version beside those before",
    "createWebhook": "makes a webhook",
    "testWebhook": "makes a message",
    "resendWebhookDelivery": "has a message sent once more, which has no version",
    "sealEdition": "makes an edition; a correction names the one it corrects",
    "actOnDossiers": "a version for each dossier stands in its body",
    "actOnCases": "a version for each case stands in its body",
}


@pytest.mark.parametrize(
    "operation", [each for each in ALL if each.method.lower() in ("post", "put", "patch", "delete")], ids=str
)
def test_every_change_takes_the_version_that_it_was_decided_upon(operation: Operation) -> None:
    name = operation.told["operationId"]
    taken = any(parameter["name"] == "If-Match" for parameter in operation.told.get("parameters", []))
    assert taken is (name not in NOTHING_TO_COMPARE), f"{name} takes If-Match, or NOTHING_TO_COMPARE says why not"
