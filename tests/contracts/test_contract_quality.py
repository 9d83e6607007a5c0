"""What a frontend team reads: every operation and every field explained, every refusal listed, one shape of errors."""

from collections import Counter
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from services.serve import ROOMS
from shared.web.problems import PROBLEMS
from tests.contracts.documents import (
    ALL,
    PROBLEM,
    Operation,
    Schema,
    document,
    operations,
    parts,
    resolved,
    standing_alone,
)

each_operation = pytest.mark.parametrize("operation", ALL, ids=str)
each_room = pytest.mark.parametrize("room", ROOMS)
_REF = {"$ref": "#/components/schemas/ProblemBody"}
#: Read by machines that know this shape; 503 is its answer, not its refusal.
_NOT_PROBLEMS = {("/readyz", "503")}
#: Read as streams, so no JSON error can come; 413 where they have a limit of their own.
_STREAMED = {"/v1/imports", "/v1/dossiers/{code}/files"}


@each_room
def test_it_is_openapi_3_1_with_title_description_and_licence(room: str) -> None:
    told = document(room)
    assert told["openapi"].startswith("3.1")
    assert {"title", "description", "version", "license"} <= set(told["info"])
    assert told["servers"]


@each_operation
def test_every_operation_is_explained(operation: Operation) -> None:
    for name in ("summary", "description", "operationId"):
        assert operation.told.get(name, "").strip(), f"{operation} has no {name}"
    assert operation.told.get("tags"), f"{operation} has no tag"
    if operation.path.startswith("/v1/"):
        assert " · " in operation.told["summary"], f"{operation}: summaries are Vietnamese · English"


@each_room
def test_operation_ids_are_unique(room: str) -> None:
    names = Counter(operation.told["operationId"] for operation in operations(room))
    assert [name for name, times in names.items() if times > 1] == []


@each_room
def test_every_tag_is_explained_and_used(room: str) -> None:
    told = {tag["name"]: tag["description"] for tag in document(room)["tags"]}
    used = {tag for operation in operations(room) for tag in operation.told["tags"]}
    assert told.keys() == used, "an app's PLAN says what each tag is about"
    assert all(" · " in words for words in told.values()), "Vietnamese · English"


@each_operation
def test_every_refusal_is_a_problem(operation: Operation) -> None:
    for status, told in operation.told["responses"].items():
        if status < "400" or (operation.path, status) in _NOT_PROBLEMS:
            continue
        assert told["content"] == {PROBLEM: {"schema": _REF}}, f"{operation} {status} is not {PROBLEM}"
        assert told["description"].strip(), f"{operation} {status} does not say when"


@each_operation
def test_every_refusal_names_its_codes(operation: Operation) -> None:
    for status, told in operation.told["responses"].items():
        if status < "400" or (operation.path, status) in _NOT_PROBLEMS:
            continue
        codes = {code for code, (number, *_) in PROBLEMS.items() if str(number) == status}
        assert any(f"`{code}`" in told["description"] for code in codes), f"{operation} {status} names no code"


@each_operation
def test_what_is_locked_says_who_may_and_how_it_refuses(operation: Operation) -> None:
    if not operation.told.get("security"):
        assert "x-roles" not in operation.told
        return
    assert {"401", "403"} <= set(operation.told["responses"]), f"{operation} is locked: it refuses with 401 and 403"
    assert operation.told["x-roles"]
    schemes = {name for lock in operation.told["security"] for name in lock}
    assert schemes <= set(document(operation.room)["components"]["securitySchemes"])


@each_operation
def test_what_takes_a_body_says_how_it_refuses_one(operation: Operation) -> None:
    if "requestBody" not in operation.told:
        return
    expected = {"415", "422"} if operation.path in _STREAMED else {"400", "413", "415", "422"}
    missing = expected - set(operation.told["responses"])
    assert not missing, f"{operation} takes a body, and does not tell of {sorted(missing)}"


@each_operation
def test_what_names_a_resource_may_not_find_it(operation: Operation) -> None:
    if "{" in operation.path:
        assert "404" in operation.told["responses"], f"{operation} does not tell of 404"


@each_operation
def test_success_says_what_it_gives(operation: Operation) -> None:
    """The framework's own words say nothing."""
    for status, told in operation.told["responses"].items():
        assert told["description"].strip() not in {"", "Successful Response"}, f"{operation} {status} says nothing"


@each_operation
def test_every_parameter_is_explained(operation: Operation) -> None:
    dark = [each["name"] for each in operation.told.get("parameters", []) if not each.get("description", "").strip()]
    assert dark == [], f"{operation} does not explain {dark}"


@each_operation
def test_success_has_a_schema(operation: Operation) -> None:
    good = {status: told for status, told in operation.told["responses"].items() if status < "300"}
    assert good, f"{operation} never succeeds"
    for status, told in good.items():
        for media, content in told.get("content", {}).items():
            assert content.get("schema"), f"{operation} {status} {media} has no schema"


def _is_explained(room: str, schema: Schema) -> bool:
    """By a description or example of its own, or by the described schema that it refers to, one or a list of them."""
    if any(schema.get(name) not in (None, "", []) for name in ("description", "example", "examples")):
        return True
    if "$ref" in schema:
        return bool(resolved(room, schema).get("description"))
    inner = [each for each in schema.get("anyOf", [schema.get("items")]) if each and each.get("type") != "null"]
    return (
        bool(inner)
        and all("$ref" in each or "items" in each for each in inner)
        and all(_is_explained(room, each) for each in inner)
    )


@each_room
def test_every_schema_and_every_property_is_explained(room: str) -> None:
    dark = []
    for name, schema in document(room)["components"]["schemas"].items():
        if not schema.get("description"):
            dark.append(name)
        dark += [f"{name}.{p}" for p, each in schema.get("properties", {}).items() if not _is_explained(room, each)]
    assert not dark, f"a schema has a description, and each of its properties a description or an example: {dark}"


@each_room
def test_every_schema_is_of_something(room: str) -> None:
    """Of what is asked, answered, or sent to others."""
    wanted = {value for place, value in parts(document(room)) if place.endswith("/$ref")}
    assert {f"#/components/schemas/{name}" for name in document(room)["components"]["schemas"]} <= wanted


@each_room
def test_no_generator_calls_two_schemas_the_same(room: str) -> None:
    """What has no name of its own is called after the schema and the field that it stands in."""
    schemas = document(room)["components"]["schemas"]
    made = {
        f"{name}{''.join(word.capitalize() for word in field.split('_'))}"
        for name, schema in schemas.items()
        for field, told in schema.get("properties", {}).items()
        for each in (told, *told.get("anyOf", ()))
        if {"properties", "additionalProperties", "enum"} & each.keys()
    }
    assert sorted(made & schemas.keys()) == []


@each_room
def test_every_reference_leads_somewhere(room: str) -> None:
    schemas = document(room)["components"]["schemas"]
    wanted = {value for place, value in parts(document(room)) if place.endswith("/$ref")}
    assert wanted <= {f"#/components/schemas/{name}" for name in schemas}
    assert wanted, "a document without any reference was not walked"


@each_room
def test_every_example_is_one(room: str) -> None:
    """An example that the schema itself refuses teaches the wrong thing."""
    wrong = []
    for name, schema in document(room)["components"]["schemas"].items():
        for prop, told in schema.get("properties", {}).items():
            validator = Draft202012Validator(standing_alone(room, told))
            wrong += [f"{name}.{prop}: {e!r}" for e in told.get("examples", []) if not validator.is_valid(e)]
    assert wrong == []


@each_room
def test_the_frameworks_own_error_shape_is_nowhere(room: str) -> None:
    text = str(document(room))
    assert "HTTPValidationError" not in text
    assert "ValidationError" not in text
    assert "ProblemBody" in text


def _lists(room: str) -> list[tuple[Operation, Schema]]:
    found = []
    for operation in operations(room):
        content: dict[str, Any] = operation.told["responses"].get("200", {}).get("content", {})
        schema = resolved(room, content.get("application/json", {}).get("schema", {}))
        if operation.method == "get" and "next" in schema.get("properties", {}):
            found.append((operation, schema))
    return found


@each_room
def test_every_page_has_items_and_next_and_takes_a_cursor(room: str) -> None:
    lists = _lists(room)
    assert lists
    for operation, schema in lists:
        assert {"items", "rows"} & set(schema["properties"]), f"{operation} has pages of nothing"
        taken = {parameter["name"] for parameter in operation.told["parameters"]}
        assert {"cursor", "limit"} <= taken, f"{operation} has pages, and takes no cursor and limit"
