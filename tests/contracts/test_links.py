"""A link of a contract leads somewhere: what it takes from an answer is there, and the operation takes it."""

import re
from typing import Any

import pytest

from tests.contracts.documents import ALL, Operation, resolved

LINKS = [
    (operation, status, name, link)
    for operation in ALL
    for status, answer in operation.told["responses"].items()
    for name, link in answer.get("links", {}).items()
]


@pytest.mark.parametrize(("operation", "status", "name", "link"), LINKS, ids=[f"{o} {name}" for o, _, name, _ in LINKS])
def test_it_leads_somewhere(operation: Operation, status: str, name: str, link: dict[str, Any]) -> None:
    (target,) = (one for one in ALL if one.room == operation.room and one.told["operationId"] == link["operationId"])
    taken = {parameter["name"] for parameter in target.told["parameters"] if parameter["in"] == "path"}
    assert {place.removeprefix("path.") for place in link["parameters"]} <= taken
    (answer,) = operation.told["responses"][status]["content"].values()
    for source in link["parameters"].values():
        told, _, field = re.fullmatch(r"(\$response\.body#/|\$request\.path\.)((\w+))", source).groups()  # type: ignore[union-attr]
        if told.startswith("$request"):
            assert f"{{{field}}}" in operation.path
        else:
            assert field in resolved(operation.room, answer["schema"])["required"]


def test_what_is_made_is_linked() -> None:
    linked = {operation.told["operationId"] for operation, *_ in LINKS}
    assert {"receiveDossier", "openCase", "sealEdition", "importDossiers"} <= linked
