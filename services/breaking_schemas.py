"""Two schemas side by side: what a client may no longer send, what it may newly be answered. Pure; for breaking.py."""

from collections.abc import Callable, Mapping
from typing import Any

Document = Mapping[str, Any]
Schema = Mapping[str, Any]

#: Keywords of a schema that are compared, and those that say nothing about values. A test holds the contracts to them.
COMPARED = frozenset(
    {
        *("$ref", "anyOf", "oneOf", "type", "enum", "const", "format", "pattern", "default", "items", "uniqueItems"),
        *("properties", "required", "additionalProperties", "propertyNames"),
        *("multipleOf", "contentMediaType", "contentSchema"),
        *("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"),
        *("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"),
    }
)
SILENT = frozenset({"title", "description", "examples", "example", "deprecated", "discriminator"})
_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


class Schemas:
    """Notes by `note(kind, place, detail)` what it finds, a named schema under its name."""

    def __init__(self, released: Document, committed: Document, note: Callable[[str, str, str], None]) -> None:
        self._old, self._new, self._note_it = released, committed, note
        self._seen: set[tuple[str, str, bool]] = set()

    def begin(self) -> None:
        """With another operation, which named schemas concern anew."""
        self._seen = set()

    def _note(self, kind: str, place: str, detail: str = "") -> None:
        self._note_it(kind, place, detail)

    def compare(self, old: Schema, new: Schema, place: str, *, asked: bool) -> None:
        """`asked`: what a client sends; otherwise what it is answered."""
        was, null_was = self._alternatives(self._old, old)
        now, null_now = self._alternatives(self._new, new)
        if any(map(_is_open, now if asked else was)):
            return
        if asked and null_was and not null_now:
            self._note("narrowed", place, "null")
        if not asked and null_now and not null_was:
            self._note("answer_widened", place, "null")
        pairs, gone, come = self._paired(was, now)
        for before, after in pairs:
            self._plain(before, after, place, asked=asked)
        if asked:
            for each in gone:
                self._note("narrowed", place, _called(each))
        else:
            for each in come:
                self._note("answer_variant_new", place, _called(each))

    def _alternatives(self, document: Document, schema: Schema) -> tuple[list[Schema], bool]:
        """What it may be, one by one, and whether null besides. A named schema that is no choice keeps its name."""
        either = schema.get("anyOf") or schema.get("oneOf")
        if either is None and "$ref" in schema:
            inner = _resolved(document, schema)
            either = inner.get("anyOf") or inner.get("oneOf")
        if either is None:
            kinds = schema.get("type")
            either = [{**schema, "type": kind} for kind in kinds] if isinstance(kinds, list) else None
        if either is None:
            return _without_null(schema)
        beside = {
            word: schema[word] for word in schema.keys() & (COMPARED - {"$ref", "anyOf", "oneOf", "type", "default"})
        }
        taken = [self._alternatives(document, {**each, **beside}) for each in either]
        return [each for plain, _ in taken for each in plain], any(null for _, null in taken)

    def _paired(
        self, old: list[Schema], new: list[Schema]
    ) -> tuple[list[tuple[Schema, Schema]], list[Schema], list[Schema]]:
        """Each alternative with what it has become: itself, by name, by type, or only one with only one."""
        pairs: list[tuple[Schema, Schema]] = []
        gone, come = list(old), list(new)

        def pair(same: Any) -> None:
            for before in list(gone):
                after = next((each for each in come if same(before, each)), None)
                if after is not None:
                    pairs.append((before, after))
                    gone.remove(before)
                    come.remove(after)

        pair(lambda before, after: before == after)
        pair(lambda before, after: "$ref" in before and before.get("$ref") == after.get("$ref"))
        pair(lambda before, after: self._kind(self._old, before) == self._kind(self._new, after))
        if len(old) == len(new) == 1:
            pair(lambda before, after: True)
        return pairs, gone, come

    @staticmethod
    def _kind(document: Document, schema: Schema) -> str | None:
        kind: str | None = _resolved(document, schema).get("type")
        return "number" if kind == "integer" else kind

    def _plain(self, old: Schema, new: Schema, place: str, *, asked: bool) -> None:
        """Two schemas that are no choices."""
        if "$ref" in old and "$ref" in new:
            before, after = _name(old), _name(new)
            if (before, after, asked) in self._seen:
                return
            self._seen.add((before, after, asked))
            if before != after:
                self._note("schema_renamed", before, after)
            place = before
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        if not self._types(old.get("type"), new.get("type"), place, asked=asked):
            return
        self._values(old, new, place, asked=asked)
        self._formats(old, new, place, asked=asked)
        if asked:
            self._bounds(old, new, place)
        if "items" in old or "items" in new:
            self.compare(old.get("items", {}), new.get("items", {}), f"{place}[]", asked=asked)
        if "contentSchema" in old or "contentSchema" in new:
            self.compare(old.get("contentSchema", {}), new.get("contentSchema", {}), place, asked=asked)
        if old.get("type") == new.get("type") == "object":
            self._fields(old, new, place, asked=asked)

    def _types(self, old: str | None, new: str | None, place: str, *, asked: bool) -> bool:
        """Notes another type; whether it is worth while to look further."""
        if old == new:
            return True
        wide, narrow = (new, old) if asked else (old, new)
        if wide is None or (wide, narrow) == ("number", "integer"):
            return True
        kind = "narrowed" if asked else "answer_widened"
        self._note(kind, place, f"{old or 'any'} → {new or 'any'}")
        return False

    def _values(self, old: Schema, new: Schema, place: str, *, asked: bool) -> None:
        was, now = _listed(old), _listed(new)
        wide, narrow = (was, now) if asked else (now, was)
        if narrow is None:
            return
        kind = "narrowed" if asked else "answer_value_new"
        if wide is None:
            values = ", ".join(map(repr, narrow))
            self._note(kind, place, f"any → {values}" if asked else f"{values} → any")
            return
        for value in (each for each in wide if each not in narrow):
            self._note(kind, place, repr(value))

    def _formats(self, old: Schema, new: Schema, place: str, *, asked: bool) -> None:
        for keyword in ("format", "contentMediaType"):
            was, now = old.get(keyword), new.get(keyword)
            if was != now and (now if asked else was) is not None:
                kind = "narrowed" if asked else "answer_widened"
                self._note(kind, place, f"{keyword} {was or '–'} → {now or '–'}")

    def _bounds(self, old: Schema, new: Schema, place: str) -> None:
        """Of what is asked. Wider ones in an answer break nobody's types."""
        for keyword in (*_LOWER, *_UPPER):
            was, now = old.get(keyword), new.get(keyword)
            if now is None or was == now:
                continue
            if was is None or (now > was if keyword in _LOWER else now < was):
                self._note("narrowed", place, f"{keyword} {'–' if was is None else was} → {now}")
        for keyword in ("pattern", "multipleOf", "uniqueItems"):
            if new.get(keyword) not in (None, False, old.get(keyword)):
                self._note("narrowed", place, f"{keyword} {old.get(keyword, '–')} → {new[keyword]}")

    def _fields(self, old: Schema, new: Schema, place: str, *, asked: bool) -> None:
        was, now = old.get("properties", {}), new.get("properties", {})
        must_have, must = set(old.get("required", ())), set(new.get("required", ()))
        for name, before in was.items():
            inner = f"{place}.{name}"
            if name not in now:
                self._note("field_gone" if asked else "answer_field_gone", inner)
                continue
            if asked and name in must - must_have:
                self._note("field_required", inner)
            elif asked and name not in must_have:
                self.default(before, now[name], inner)
            if not asked and name in must_have - must:
                self._note("answer_field_unsure", inner)
            self.compare(before, now[name], inner, asked=asked)
        if asked:
            for name in sorted(must - was.keys()):
                self._note("field_required", f"{place}.{name}")
        self._others(old.get("additionalProperties", True), new.get("additionalProperties", True), place, asked=asked)
        self.compare(old.get("propertyNames", {}), new.get("propertyNames", {}), f"{place}.*", asked=asked)

    def _others(self, old: Any, new: Any, place: str, *, asked: bool) -> None:
        """Fields without a name of their own. An answer may have new ones at any time."""
        if isinstance(old, dict) and isinstance(new, dict):
            self.compare(old, new, f"{place}.*", asked=asked)
        elif asked and old is not False and new is not True:
            self._note("narrowed", place, "additionalProperties")
        elif not asked and isinstance(old, dict):
            self._note("answer_widened" if new is True else "answer_field_gone", f"{place}.*")

    def default(self, old: Schema, new: Schema, place: str) -> None:
        """null and none are one: nothing was chosen."""
        was, now = old.get("default"), new.get("default")
        if was != now:
            self._note(
                "default_other", place, f"{'–' if was is None else repr(was)} → {'–' if now is None else repr(now)}"
            )


def _resolved(document: Document, schema: Schema) -> Schema:
    """What a name stands for, with what is said beside it."""
    while "$ref" in schema:
        beside = {word: schema[word] for word in schema.keys() & COMPARED if word != "$ref"}
        schema = {**document["components"]["schemas"][_name(schema)], **beside}
    return schema


def _name(schema: Schema) -> str:
    name: str = schema["$ref"]
    return name.rsplit("/", 1)[1]


def _without_null(schema: Schema) -> tuple[list[Schema], bool]:
    """What is no choice, and whether it may be null: as a type, or as a value among others."""
    values = _listed(schema)
    if schema.get("type") == "null" or (values and all(value is None for value in values)):
        return [], True
    if values and None in values:
        return [{**schema, "enum": [value for value in values if value is not None]}], True
    return [schema], False


def _called(schema: Schema) -> str:
    return _name(schema) if "$ref" in schema else str(schema.get("type", "any"))


def _listed(schema: Schema) -> list[Any] | None:
    """The values that it is confined to."""
    if "const" in schema:
        return [schema["const"]]
    values: list[Any] | None = schema.get("enum")
    return values


def _is_open(schema: Schema) -> bool:
    """Whether it lets everything through."""
    return not schema.keys() & (COMPARED - {"default"})
