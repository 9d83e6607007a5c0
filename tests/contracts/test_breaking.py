"""Every kind of break is found, and what breaks nobody is let by."""

from typing import Any

import pytest

from services.breaking import KINDS, changes
from tests.contracts.documents import Schema

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NULLABLE: Schema = {"anyOf": [TEXT, {"type": "null"}]}


def an_object(required: tuple[str, ...] = (), **fields: Any) -> Schema:
    return {"type": "object", "properties": fields, "required": list(required)}


def a_text(**more: Any) -> Schema:
    return {**TEXT, **more}


def a_map(values: Any) -> Schema:
    return {"type": "object", "additionalProperties": values}


def named(*names: str) -> Schema:
    """A map whose keys are these."""
    return {**a_map(TEXT), "propertyNames": {"enum": list(names)}}


def a_list(**more: Any) -> Schema:
    """An operation that gives a list."""
    told = {"operationId": "listThings", "responses": {"200": json_of(an_object(items={"type": "array"}))}}
    return {**told, **more}


def json_of(schema: Schema) -> Schema:
    return {"content": {"application/json": {"schema": schema}}}


def a_contract(get: Schema | None = None, *, path: str = "/v1/things/{code}", **methods: Any) -> Schema:
    schemas = methods.pop("schemas", {})
    return {"paths": {path: {"get": get or a_list(), **methods}}, "components": {"schemas": schemas}}


def in_media(*media: str) -> Schema:
    return {"content": {each: {"schema": TEXT} for each in media}}


def taking(body: Schema) -> Schema:
    """A contract that takes such a body, described whole."""
    return a_contract(a_list(requestBody=body))


def giving(**answers: Schema) -> Schema:
    """A contract with such answers; `_200` is status 200."""
    return a_contract(a_list(responses={status.strip("_"): told for status, told in answers.items()}))


def asking(schema: Schema, **schemas: Schema) -> Schema:
    """A contract that takes such a body."""
    return a_contract(post=a_list(requestBody={**json_of(schema), "required": True}), schemas=schemas)


def answering(schema: Schema, **schemas: Schema) -> Schema:
    """A contract that answers with such a body."""
    return a_contract(a_list(responses={"200": json_of(schema)}), schemas=schemas)


def sending(schema: Schema) -> Schema:
    """A contract by which such a body is sent to whoever wants it."""
    return {**a_contract(), "webhooks": {"told": {"post": {"requestBody": json_of(schema)}}}}


def with_parameter(**told: Any) -> Schema:
    return a_contract(a_list(parameters=[{"name": "q", "in": "query", "schema": TEXT, **told}]))


def locked(*roles: str, relation: str = "within") -> Schema:
    return a_contract(a_list(**{"security": [{"bearer": []}], "x-roles": list(roles), "x-relation": relation}))


def kinds(released: Schema, committed: Schema) -> list[str]:
    return sorted({change.kind for change in changes(released, committed)})


PLAIN = a_contract()
#: (kind, what was released, what came of it)
FOUND: list[tuple[str, Schema, Schema]] = [
    ("path_gone", PLAIN, a_contract(path="/v1/others/{code}")),
    ("operation_gone", a_contract(post=a_list()), PLAIN),
    ("operation_gone", sending(TEXT), PLAIN),
    ("answer_widened", sending(TEXT), sending(NULLABLE)),
    ("answer_field_gone", sending(an_object(note=TEXT)), sending(an_object())),
    ("operation_renamed", PLAIN, a_contract(a_list(operationId="things"))),
    ("locked", PLAIN, locked("leader")),
    ("role_gone", locked("leader", "handler"), locked("leader")),
    ("relation_other", locked("leader"), locked("leader", relation="province")),
    ("parameter_gone", with_parameter(), PLAIN),
    ("parameter_required", with_parameter(), with_parameter(required=True)),
    ("parameter_required", PLAIN, with_parameter(required=True)),
    ("narrowed", with_parameter(), with_parameter(schema=WHOLE)),
    ("narrowed", with_parameter(schema=NULLABLE), with_parameter()),
    ("default_other", with_parameter(schema=a_text(default="a")), with_parameter(schema=a_text(default="b"))),
    ("default_other", with_parameter(schema=a_text(default="a")), with_parameter()),
    ("body_gone", taking(in_media("text/csv")), PLAIN),
    ("body_required", taking(in_media("text/csv")), taking({**in_media("text/csv"), "required": True})),
    ("body_required", PLAIN, taking({**in_media("text/csv"), "required": True})),
    ("media_gone", taking(in_media("text/csv", "application/json")), taking(in_media("text/csv"))),
    ("media_gone", giving(_200=in_media("text/csv", "application/json")), giving(_200=in_media("text/csv"))),
    ("status_gone", giving(_200={}, _304={}), giving(_200={})),
    ("status_new", giving(_200={}), giving(_200={}, _202={})),
    ("header_gone", giving(_200={"headers": {"ETag": {"schema": TEXT}}}), giving(_200={"headers": {}})),
    (
        "answer_widened",
        giving(_200={"headers": {"ETag": {"schema": TEXT}}}),
        giving(_200={"headers": {"etag": {"schema": WHOLE}}}),
    ),
    ("refusal_gone", giving(_409={"description": "`held`: x\n\n`late`: y"}), giving(_409={"description": "`late`: y"})),
    ("refusal_gone", giving(_503={"description": "Not ready"}), giving()),
    ("field_gone", asking(an_object(note=TEXT)), asking(an_object())),
    ("field_required", asking(an_object(note=TEXT)), asking(an_object(("note",), note=TEXT))),
    ("field_required", asking(an_object()), asking(an_object(("note",), note=TEXT))),
    ("default_other", asking(an_object(way=a_text(default="a"))), asking(an_object(way=a_text(default="b")))),
    ("narrowed", asking(TEXT), asking(WHOLE)),
    ("narrowed", asking({}), asking(TEXT)),
    ("narrowed", asking({"type": "number"}), asking(WHOLE)),
    ("narrowed", asking({"type": ["string", "null"]}), asking(TEXT)),
    ("narrowed", asking({"anyOf": [TEXT, WHOLE]}), asking(TEXT)),
    ("narrowed", asking({"oneOf": [TEXT, WHOLE]}), asking({"oneOf": [WHOLE]})),
    ("narrowed", asking({"enum": ["a", "b"]}), asking({"enum": ["a"]})),
    ("narrowed", asking(TEXT), asking(a_text(enum=["a"]))),
    ("narrowed", asking({"enum": ["a", "b"]}), asking({"const": "a"})),
    ("narrowed", asking(TEXT), asking(a_text(format="date"))),
    ("narrowed", asking(a_text(format="date")), asking(a_text(format="date-time"))),
    ("narrowed", asking(TEXT), asking(a_text(pattern="^a"))),
    ("narrowed", asking(TEXT), asking(a_text(contentMediaType="application/json"))),
    ("narrowed", asking(a_text(contentSchema=an_object(a=TEXT))), asking(a_text(contentSchema=an_object(a=WHOLE)))),
    ("narrowed", asking(TEXT), asking(a_text(maxLength=9))),
    ("narrowed", asking(a_text(maxLength=9)), asking(a_text(maxLength=8))),
    ("narrowed", asking({"type": "integer", "minimum": 0}), asking({"type": "integer", "minimum": 1})),
    ("narrowed", asking({"type": "array", "items": {}}), asking({"type": "array", "items": {}, "uniqueItems": True})),
    ("narrowed", asking({"type": "array", "items": TEXT}), asking({"type": "array", "items": WHOLE})),
    ("narrowed", asking(an_object()), asking({**an_object(), "additionalProperties": False})),
    ("narrowed", asking({"$ref": "#/x/In"}, In=an_object(a=TEXT)), asking({"$ref": "#/x/In"}, In=an_object(a=WHOLE))),
    ("narrowed", with_parameter(), with_parameter(style="pipeDelimited")),
    ("narrowed", asking(NULLABLE), asking({**NULLABLE, "maxLength": 9})),
    ("narrowed", asking({"$ref": "#/x/In"}, In=TEXT), asking({"$ref": "#/x/In", "maxLength": 9}, In=TEXT)),
    ("narrowed", asking(named("a", "b")), asking(named("a"))),
    ("narrowed", asking(a_map(TEXT)), asking(named("a"))),
    ("answer_field_gone", answering(an_object(note=TEXT)), answering(an_object())),
    ("answer_field_gone", answering(a_map(TEXT)), answering(a_map(False))),
    ("answer_field_unsure", answering(an_object(("note",), note=TEXT)), answering(an_object(note=TEXT))),
    ("answer_widened", answering(TEXT), answering(NULLABLE)),
    ("answer_widened", answering(TEXT), answering(WHOLE)),
    ("answer_widened", answering(TEXT), answering({})),
    ("answer_widened", answering(WHOLE), answering({"type": "number"})),
    ("answer_widened", answering(a_text(format="date")), answering(a_text(format="date-time"))),
    ("answer_widened", answering(a_text(format="date")), answering(TEXT)),
    ("answer_widened", answering(a_map(TEXT)), answering(a_map(True))),
    ("answer_widened", answering({"enum": ["a"]}), answering({"enum": ["a", None]})),
    ("answer_widened", answering(TEXT), answering({"anyOf": [TEXT, {"const": None}]})),
    ("answer_widened", answering(TEXT), answering({"anyOf": [TEXT, {"enum": [None]}]})),
    ("answer_value_new", answering({"enum": ["a"]}), answering({"enum": ["a", "b"]})),
    ("answer_value_new", answering(named("a")), answering(named("a", "b"))),
    ("answer_value_new", answering(a_text(enum=["a"])), answering(TEXT)),
    ("answer_variant_new", answering(TEXT), answering({"anyOf": [TEXT, WHOLE]})),
    ("schema_renamed", answering({"$ref": "#/x/A"}, A=an_object()), answering({"$ref": "#/x/B"}, B=an_object())),
]

#: (what it is, what was released, what came of it)
LET_BY: list[tuple[str, Schema, Schema]] = [
    ("another path", PLAIN, {**PLAIN, "paths": {**PLAIN["paths"], "/v1/more": {"get": a_list()}}}),
    ("another message", PLAIN, sending(TEXT)),
    ("a field more in a message", sending(an_object()), sending(an_object(note=TEXT))),
    ("another method", PLAIN, a_contract(post=a_list())),
    ("a parameter in a path is called otherwise", PLAIN, a_contract(path="/v1/things/{id}")),
    ("a parameter that may be left out", PLAIN, with_parameter()),
    ("a parameter need not be there any more", with_parameter(required=True), with_parameter()),
    ("a default of what was required", with_parameter(required=True), with_parameter(schema=a_text(default="a"))),
    (
        "a header has no case",
        with_parameter(**{"name": "If-Match", "in": "header"}),
        with_parameter(**{"name": "if-match", "in": "header"}),
    ),
    ("nobody needs a token any more", locked("leader"), PLAIN),
    ("one role more", locked("leader"), locked("leader", "handler")),
    ("a refusal more", giving(_200={}), giving(_200={}, _429={"description": "`many`: x"})),
    ("another media type", giving(_200=in_media("text/csv")), giving(_200=in_media("application/json", "text/csv"))),
    ("another header", giving(_200={}), giving(_200={"headers": {"ETag": {"schema": TEXT}}})),
    ("a body that may be left out", PLAIN, taking(in_media("text/csv"))),
    ("another field, which may be left out", asking(an_object()), asking(an_object(note=TEXT))),
    ("a field need not be there any more", asking(an_object(("note",), note=TEXT)), asking(an_object(note=TEXT))),
    ("null is taken too", asking(TEXT), asking(NULLABLE)),
    ("all is taken", asking({"anyOf": [TEXT, WHOLE]}), asking({"title": "Anything"})),
    ("more values are taken", asking({"enum": ["a"]}), asking({"enum": ["a", "b"]})),
    ("any value is taken", asking(a_text(enum=["a"])), asking(TEXT)),
    ("fractions are taken too", asking(WHOLE), asking({"type": "number"})),
    ("longer texts are taken", asking(a_text(maxLength=8)), asking(a_text(maxLength=9))),
    ("texts of any form", asking(a_text(format="date", pattern="^2")), asking(TEXT)),
    ("a field more in an answer", answering(an_object()), answering(an_object(note=TEXT))),
    ("a field is sure now", answering(an_object(note=TEXT)), answering(an_object(("note",), note=TEXT))),
    ("never null any more", answering(NULLABLE), answering(TEXT)),
    ("fewer values are answered", answering({"enum": ["a", "b"]}), answering({"const": "a"})),
    ("whole numbers only", answering({"type": "number"}), answering(WHOLE)),
    ("a type where there was none", answering({}), answering(TEXT)),
    ("one kind of thing less", answering({"anyOf": [TEXT, WHOLE]}), answering(TEXT)),
    ("another order", answering({"anyOf": [TEXT, WHOLE]}), answering({"anyOf": [WHOLE, TEXT]})),
    ("other words", answering(a_text(description="a")), answering(a_text(description="b", examples=["c"]))),
    ("more names are taken", asking(named("a")), asking(a_map(TEXT))),
    ("null as a value", answering({"enum": ["a", None]}), answering({"anyOf": [{"enum": ["a"]}, {"type": "null"}]})),
    ("null said in another way", answering(NULLABLE), answering({"type": ["string", "null"]})),
]


@pytest.mark.parametrize(("kind", "released", "committed"), FOUND, ids=[f"{n}-{row[0]}" for n, row in enumerate(FOUND)])
def test_it_is_found(kind: str, released: Schema, committed: Schema) -> None:
    assert kinds(released, committed) == [kind]
    assert kinds(released, released) == kinds(committed, committed) == []


@pytest.mark.parametrize(("released", "committed"), [row[1:] for row in LET_BY], ids=[row[0] for row in LET_BY])
def test_it_breaks_nobody(released: Schema, committed: Schema) -> None:
    assert kinds(released, committed) == []


def test_every_kind_has_a_case() -> None:
    assert {row[0] for row in FOUND} == set(KINDS)


def test_a_schema_is_told_of_once_with_all_that_it_concerns() -> None:
    def both(thing: Schema) -> Schema:
        answers = {"200": json_of({"type": "array", "items": {"$ref": "#/x/Thing"}})}
        told = a_contract(a_list(responses=answers), post=a_list(operationId="make", responses=answers))
        return {**told, "components": {"schemas": {"Thing": thing}}}

    inner = {"$ref": "#/x/Thing"}  # it holds itself, and the walk comes to an end
    (change,) = changes(both(an_object(note=TEXT, inner=inner)), both(an_object(inner=inner)))
    assert (change.key, change.breaks) == ("answer_field_gone Thing.note", True)
    assert change.operations == ("GET /v1/things/{code}", "POST /v1/things/{code}")


def test_what_breaks_stands_before_what_only_warns() -> None:
    released = answering(an_object(a={"enum": ["x"]}, z=TEXT))
    found = changes(released, answering(an_object(a={"enum": ["x", "y"]})))
    assert [(each.kind, each.details) for each in found] == [("answer_field_gone", ()), ("answer_value_new", ("'y'",))]
