"""What in a contract would break whoever relies on the one released before. Pure: two OpenAPI documents in, changes
out.

What a client sends may only be taken more widely, what it is answered may only be promised more narrowly. So a part of
a request breaks where it is narrowed, gone or newly required; a part of an answer where it is widened, gone or no
longer sure. An answer that may newly have another value of a list, or another kind of thing, is a warning: clients are
told to expect such ones (docs/clients.md). A name that is new and may be left out is nothing at all."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from services.breaking_schemas import Schemas

Document = Mapping[str, Any]
Schema = Mapping[str, Any]

#: kind: (whether it breaks, Vietnamese, English)
KINDS = {
    "path_gone": (True, "đường dẫn không còn", "path is gone"),
    "operation_gone": (True, "thao tác không còn", "operation is gone"),
    "operation_renamed": (True, "operationId đổi tên", "operationId has another name"),
    "locked": (True, "nay cần mã truy cập", "needs a token now"),
    "role_gone": (True, "vai trò không còn được làm", "a role may no longer"),
    "parameter_gone": (True, "tham số không còn", "parameter is gone"),
    "parameter_required": (True, "tham số nay bắt buộc", "parameter is required now"),
    "body_gone": (True, "nội dung gửi lên không còn", "body is no longer taken"),
    "body_required": (True, "nội dung gửi lên nay bắt buộc", "body is required now"),
    "media_gone": (True, "kiểu nội dung không còn", "media type is gone"),
    "status_gone": (True, "mã trả lời không còn", "status is gone"),
    "header_gone": (True, "tiêu đề trả lời không còn", "header of the answer is gone"),
    "field_gone": (True, "trường gửi lên không còn được nhận", "field is no longer taken"),
    "field_required": (True, "trường gửi lên nay bắt buộc", "field is required now"),
    "narrowed": (True, "nhận hẹp hơn", "takes less"),
    "answer_field_gone": (True, "trường trả lời không còn", "field of the answer is gone"),
    "answer_field_unsure": (True, "trường trả lời có thể vắng", "field of the answer may be missing"),
    "answer_widened": (True, "trả lời kiểu khác", "answers what it did not"),
    "answer_value_new": (False, "trả lời có thể mang giá trị mới", "may answer a new value"),
    "answer_variant_new": (False, "trả lời có thể mang dạng mới", "may answer a new kind of thing"),
    "status_new": (False, "thêm mã trả lời thành công", "new status of success"),
    "refusal_gone": (False, "mã từ chối không còn", "code of a refusal is gone"),
    "default_other": (False, "giá trị mặc định khác", "another default"),
    "relation_other": (False, "phạm vi được làm khác", "another relation is needed"),
    "schema_renamed": (False, "lược đồ đổi tên", "schema has another name"),
}

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")


@dataclass(frozen=True)
class Change:
    """One of them. `place`: an operation, or a schema with the way to a field; `operations`: all that it concerns."""

    kind: str
    place: str
    details: tuple[str, ...]
    operations: tuple[str, ...]

    @property
    def breaks(self) -> bool:
        """Or only warns."""
        return KINDS[self.kind][0]

    @property
    def key(self) -> str:
        """What it is declared by."""
        return f"{self.kind} {self.place}"


def changes(released: Document, committed: Document) -> list[Change]:
    """What of `committed` whoever relies on `released` must know of: what breaks first, then by place."""
    found = _Comparison(released, committed)
    found.documents()
    return sorted(found.told(), key=lambda change: (not change.breaks, change.place, change.kind))


class _Comparison:
    """Walks both documents side by side, operation by operation, and notes what it finds under its place."""

    def __init__(self, released: Document, committed: Document) -> None:
        self._old, self._new = released, committed
        self._found: dict[tuple[str, str], tuple[dict[str, None], dict[str, None]]] = {}
        self._operation = ""
        self._schemas = Schemas(released, committed, self._note)

    def told(self) -> Iterator[Change]:
        for (kind, place), (details, operations) in self._found.items():
            yield Change(kind, place, tuple(details), tuple(operations))

    def _note(self, kind: str, place: str, detail: str = "") -> None:
        details, operations = self._found.setdefault((kind, place), ({}, {}))
        if detail:
            details[detail] = None
        operations[self._operation] = None

    # --- operations ---------------------------------------------------------------------------------------------

    def documents(self) -> None:
        """Paths by their shape: how a parameter in a path is called does not go over the wire."""
        there = {_shape(path): path for path in self._new["paths"]}
        for path, methods in self._old["paths"].items():
            now = there.get(_shape(path))
            for method in (each for each in _METHODS if each in methods):
                self._operation = f"{method.upper()} {path}"
                self._schemas.begin()
                if now is None:
                    self._note("path_gone", path)
                elif method not in self._new["paths"][now]:
                    self._note("operation_gone", self._operation)
                else:
                    renamed = dict(zip(_names(now), _names(path), strict=True))
                    self._one(methods[method], self._new["paths"][now][method], renamed)
        self._sent()

    def _sent(self) -> None:
        """What is sent by itself: whoever receives it reads it as an answer."""
        there = self._new.get("webhooks", {})
        for name, methods in self._old.get("webhooks", {}).items():
            for method, was in methods.items():
                self._operation = f"webhook {name}"
                self._schemas.begin()
                now = there.get(name, {}).get(method)
                if now is None:
                    self._note("operation_gone", self._operation)
                else:
                    self._contents(was["requestBody"], now["requestBody"], self._operation, asked=False)

    def _one(self, old: Schema, new: Schema, renamed: Mapping[str, str]) -> None:
        place = self._operation
        if old.get("operationId") != new.get("operationId"):
            self._note("operation_renamed", place, f"{old.get('operationId')} → {new.get('operationId')}")
        self._rights(old, new)
        self._parameters(_parameters(old, {}), _parameters(new, renamed))
        self._body(old.get("requestBody"), new.get("requestBody"))
        self._answers(old["responses"], new["responses"])

    def _rights(self, old: Schema, new: Schema) -> None:
        place = self._operation
        if new.get("security") and not old.get("security"):
            self._note("locked", place)
        elif new.get("security"):
            for role in sorted(set(old.get("x-roles", ())) - set(new.get("x-roles", ()))):
                self._note("role_gone", place, role)
            if old.get("x-relation") != new.get("x-relation"):
                self._note("relation_other", place, f"{old.get('x-relation')} → {new.get('x-relation')}")

    def _parameters(self, old: Mapping[tuple[str, str], Schema], new: Mapping[tuple[str, str], Schema]) -> None:
        for key, was in old.items():
            place = f"{self._operation} {_parameter(*key)}"
            given = new.get(key)
            if given is None:
                self._note("parameter_gone", place)
                continue
            if given.get("required") and not was.get("required"):
                self._note("parameter_required", place)
            elif not was.get("required"):
                self._schemas.default(was["schema"], given["schema"], place)
            for how in ("style", "explode"):
                if was.get(how) != given.get(how):
                    self._note("narrowed", place, f"{how} {was.get(how, '–')} → {given.get(how, '–')}")
            self._schemas.compare(was["schema"], given["schema"], place, asked=True)
        for key, given in new.items():
            if key not in old and given.get("required"):
                self._note("parameter_required", f"{self._operation} {_parameter(*key)}")

    def _body(self, old: Schema | None, new: Schema | None) -> None:
        place = f"{self._operation} body"
        if new is None:
            if old is not None:
                self._note("body_gone", place)
            return
        if new.get("required") and not (old or {}).get("required"):
            self._note("body_required", place)
        if old is not None:
            self._contents(old, new, place, asked=True)

    def _answers(self, old: Mapping[str, Schema], new: Mapping[str, Schema]) -> None:
        for status, was in old.items():
            place = f"{self._operation} {status}"
            given = new.get(status)
            if given is None:
                if status < "4":
                    self._note("status_gone", place)
                continue
            self._contents(was, given, place, asked=False)
            for name, header in was.get("headers", {}).items():
                now = {key.lower(): told for key, told in given.get("headers", {}).items()}.get(name.lower())
                if now is None:
                    self._note("header_gone", f"{place} {name}")
                else:
                    self._schemas.compare(header["schema"], now["schema"], f"{place} {name}", asked=False)
        for status in (each for each in new if each < "4" and each not in old):
            self._note("status_new", f"{self._operation} {status}")
        for refusal in _refusals(old) - _refusals(new):
            self._note("refusal_gone", self._operation, refusal)

    def _contents(self, old: Schema, new: Schema, place: str, *, asked: bool) -> None:
        taken = new.get("content", {})
        for media, was in old.get("content", {}).items():
            if media not in taken:
                self._note("media_gone", f"{place} {media}")
            else:
                self._schemas.compare(
                    was.get("schema", {}), taken[media].get("schema", {}), f"{place} {media}", asked=asked
                )


def _shape(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


def _names(path: str) -> list[str]:
    return re.findall(r"{(\w+)}", path)


def _parameters(operation: Schema, renamed: Mapping[str, str]) -> dict[tuple[str, str], Schema]:
    """By where they stand and their name; headers have no case."""

    def name_of(told: Schema) -> str:
        name: str = told["name"]
        return renamed.get(name, name) if told["in"] == "path" else name.lower() if told["in"] == "header" else name

    return {(told["in"], name_of(told)): told for told in operation.get("parameters", ())}


def _parameter(where: str, name: str) -> str:
    return {"query": f"?{name}", "path": f"{{{name}}}"}.get(where, f"{where} {name}")


def _refusals(answers: Mapping[str, Schema]) -> set[str]:
    """The stable codes of problems that an operation tells of, each with its status."""
    return {
        f"{status} {code}"
        for status, told in answers.items()
        if status >= "4"
        for code in re.findall(r"^`(\w+)`:", told.get("description", ""), re.MULTILINE) or [""]
    }
