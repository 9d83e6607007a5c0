"""What holds of every break: none of our contracts hides a field from the check, and who is not warned is not hurt."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from services.breaking import changes
from services.breaking_schemas import COMPARED, SILENT
from services.serve import ROOMS
from tests.contracts.documents import Schema, document, operations
from tests.contracts.test_breaking import answering, asking

each_room = pytest.mark.parametrize("room", ROOMS)


def schemas_in(schema: Schema) -> Iterator[Schema]:
    """A schema, and those within it."""
    yield schema
    within = [*schema.get("properties", {}).values(), schema.get("items")]
    within += [schema.get("additionalProperties"), schema.get("propertyNames")]
    within += [each for kind in ("anyOf", "oneOf", "allOf", "prefixItems") for each in schema.get(kind, [])]
    for each in within:
        if isinstance(each, dict):
            yield from schemas_in(each)


@each_room
def test_it_understands_every_keyword_of_our_contracts(room: str) -> None:
    """One that it does not compare would be a hole."""
    outermost = list(document(room)["components"]["schemas"].values())
    for operation in operations(room):
        outermost += [each["schema"] for each in operation.told.get("parameters", [])]
        for each in (operation.told.get("requestBody", {}), *operation.told["responses"].values()):
            outermost += [content.get("schema", {}) for content in each.get("content", {}).values()]
    used = {keyword for schema in outermost for each in schemas_in(schema) for keyword in each}
    assert {"properties", "maxLength", "anyOf"} <= used
    assert used <= COMPARED | SILENT


@each_room
def test_a_contract_does_not_break_itself(room: str) -> None:
    assert changes(document(room), copy.deepcopy(document(room))) == []


def without(told: Schema, gone: set[tuple[str, str]]) -> Schema:
    """A contract without some fields of its schemas."""
    schemas = {
        name: {**each, "properties": {key: v for key, v in each["properties"].items() if (name, key) not in gone}}
        for name, each in told["components"]["schemas"].items()
        if "properties" in each
    }
    return {**told, "components": {"schemas": {**told["components"]["schemas"], **schemas}}}


@each_room
def test_whichever_field_goes_is_missed(room: str) -> None:
    """All that lead no further at once, and of each schema those that lead to others."""
    told = document(room)
    every = {
        (name, field): "$ref" in str(each)
        for name, schema in told["components"]["schemas"].items()
        for field, each in schema.get("properties", {}).items()
    }
    plain = {key for key, leads in every.items() if not leads}
    leading = [
        {(name, field) for name, field in every.keys() - plain if name == one} for one, _ in every.keys() - plain
    ]
    assert plain
    assert leading
    for gone in (plain, *leading):
        found = {change.place for change in changes(told, without(told, gone)) if change.breaks}
        assert {f"{name}.{field}" for name, field in gone} <= found


_plain = st.one_of(
    st.sampled_from([{}, {"type": "boolean"}, {"type": "number"}, {"type": "null"}]),
    st.builds(
        lambda least, most: {"type": "integer", "minimum": least, "maximum": most}, st.integers(0, 3), st.integers(3, 6)
    ),
    st.integers(1, 3).map(lambda most: {"type": "string", "maxLength": most}),
    st.lists(st.sampled_from(["a", "bb", ""]), min_size=1, unique=True).map(
        lambda each: {"type": "string", "enum": each}
    ),
)


def _grown(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    fields = st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    objects = st.builds(
        lambda properties, must: {
            **{"type": "object", "properties": properties, "additionalProperties": False},
            "required": sorted(must & properties.keys()),
        },
        fields,
        st.frozensets(st.sampled_from(["a", "b"])),
    )
    lists = st.builds(lambda items: {"type": "array", "items": items}, inner)
    return st.one_of(objects, lists, st.lists(inner, min_size=1, max_size=2).map(lambda each: {"anyOf": each}))


schemas = st.recursive(_plain, _grown, max_leaves=4)
_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 7), st.just(2.5), st.sampled_from(["", "a", "bb", "cccc"])
)
values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=4,
)


@given(schemas, schemas, st.lists(values, min_size=20, max_size=20))
def test_who_is_not_warned_may_send_what_he_sent(released: Schema, committed: Schema, sent: list[Any]) -> None:
    """Where nothing is found, every value that was taken is taken still."""
    if any(change.breaks for change in changes(asking(released), asking(committed))):
        return
    before, after = Draft202012Validator(released), Draft202012Validator(committed)
    assert [value for value in sent if before.is_valid(value) and not after.is_valid(value)] == []


def _as_read(schema: Any) -> Any:
    """What a client relies on: no bounds, and new fields may come at any time."""
    if isinstance(schema, list):
        return [_as_read(each) for each in schema]
    left_out = {"minimum", "maximum", "maxLength", "additionalProperties"}
    if isinstance(schema, dict):
        return {name: _as_read(each) for name, each in schema.items() if name not in left_out}
    return schema


@given(schemas, schemas, st.lists(values, min_size=20, max_size=20))
def test_who_is_not_warned_is_answered_as_he_was(released: Schema, committed: Schema, sent: list[Any]) -> None:
    """Where nothing is found, whatever may be answered now might have been answered before."""
    if changes(answering(released), answering(committed)):
        return
    before, after = Draft202012Validator(_as_read(released)), Draft202012Validator(committed)
    assert [value for value in sent if after.is_valid(value) and not before.is_valid(value)] == []
