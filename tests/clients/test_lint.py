"""The contracts pass the linter with the rules of this project (tests/clients/node/redocly.yaml), and each of these
rules finds what it is there for."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.contracts import path_of
from services.serve import ROOMS
from tests.clients.tools import NODE, needs_node, node
from tests.contracts.documents import Schema, document

pytestmark = needs_node
RULES = NODE / "redocly.yaml"


def found_in(contract: Path) -> list[tuple[str, str]]:
    """What the linter finds: (rule, message)."""
    done = node("redocly", "lint", "--config", RULES, "--format", "json", "--max-problems", "1000", contract)
    problems: list[dict[str, Any]] = json.loads(done.stdout)["problems"]
    return [(problem["ruleId"], problem["message"]) for problem in problems]


@pytest.mark.parametrize("room", ROOMS)
def test_the_contract_is_clean(room: str) -> None:
    assert found_in(path_of(room)) == []


def _spoilt() -> Schema:
    """Intake's contract with one fault for each rule of the project."""
    told: Schema = json.loads(json.dumps(document("intake")))
    paths, schemas = told["paths"], told["components"]["schemas"]
    one, other = paths["/v1/procedures"]["get"], paths["/v1/procedures/{code}"]["get"]
    one |= {"operationId": "list_procedures", "summary": "Procedures", "tags": ["procedures", "unknown"]}
    del one["description"], one["parameters"][0]["description"], one["responses"]["429"]["headers"]
    one["parameters"][1] |= {"name": "asOf", "example": 5}
    one["responses"]["200"]["content"]["application/json"]["example"] = {"items": 5}
    one["responses"]["200"]["description"] = ""
    one["responses"]["422"]["content"] = {"application/json": {"schema": {"type": "object"}}}
    other["responses"]["503"] = {"description": "Away", "content": {"application/json": {"schema": {"type": "object"}}}}
    told["tags"][0]["description"] = ""
    paths["/v1/Procedure_List/"] = {"get": {**one, "operationId": "again"}}
    paths["/v1/procedures/{id}"] = paths["/v1/procedures/{code}"]
    schemas["procedureTerm"] = {"type": "object", "required": ["nothing"], "properties": {"dueAt": {"type": "string"}}}
    schemas["ProcedureTerm"]["properties"]["unit"] = {"type": "string", "examples": [1], "items": {}}
    return told


def test_each_rule_finds_its_fault(tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(_spoilt()), encoding="utf-8")
    found = {rule for rule, _ in found_in(tmp_path / "openapi.json")}
    named = set(re.findall(r"^  ([a-z][\w/-]+):", RULES.read_text(encoding="utf-8"), re.MULTILINE))
    assert "no-unused-components" in named
    assert named - {"component-name-unique"} <= found, f"these find nothing: {named - found}"
