"""What a request asks by is understood as it was meant, or refused, in one place for every room."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args, get_origin
from urllib.parse import unquote

from fastapi import Request
from fastapi.dependencies.models import Dependant
from pydantic import BaseModel

from shared.web.json_bodies import repeats_a_name
from shared.web.problems import Problem, Reason, invalid, is_json

_WHOLE = re.compile("0|-?[1-9][0-9]*")
#: What the framework might take for one. All else it refuses by itself, after it has asked who calls.
_NUMBER_LIKE = re.compile(r"[\s\d_.+eE-]+")


#: Stands for a slash within a code while the router parts the path. Unicode keeps it for a program's own use.
_INNER = "\ufdd0"


def parted(raw: bytes) -> str:
    """A path as the router parts it. %2F is no end of a part (RFC 3986 2.2): codes of other systems have slashes."""
    return "/".join(unquote(part).replace("/", _INNER) for part in raw.decode("ascii").split("/"))


def spelled(part: str) -> str:
    """What a client wrote, of a path that was parted or of a part of it."""
    return part.replace(_INNER, "/")


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter as an endpoint declares it: whether it may be given several times, and is a whole number."""

    repeated: bool
    whole: bool


async def understood(request: Request) -> None:
    """A parameter that is misspelt would be a filter that silently does not hold: a wrong number. So would one that is
    given twice: only the last is read. A number is written in one way: the framework also takes 1_0 and 1.0. JSON is in
    UTF-8 (RFC 8259 8.1) without a byte order mark, and the framework also reads it with one, and in UTF-16 and UTF-32:
    there each ASCII sign has a zero byte, here none has. A name that stands twice in one object would mean what the
    last one says, to us; to whoever looked at it before, the first."""
    route = request.scope["route"]
    given = request.query_params
    if given:
        known = dict(_declared(route.dependant))
        if not known.keys() >= given.keys():
            raise invalid("query", "unknown_parameter", expected=", ".join(sorted(known)) or "–")
        repeated = [name for name in given if not known[name].repeated and len(given.getlist(name)) > 1]
        if repeated:
            raise Problem("invalid_request", *(Reason(name, "repeated_parameter") for name in repeated))
        _need_whole({name: given.getlist(name) for name in given if known[name].whole})
    if request.path_params:
        for name, text in request.path_params.items():
            request.path_params[name] = spelled(text)
        numbers = [field.alias for field in route.dependant.path_params if _mentions(field.field_info.annotation, int)]
        _need_whole({name: [request.path_params[name]] for name in numbers})
    if route.body_field is not None and is_json(request):
        body = await request.body()
        if b"\0" in body or body.startswith(BOM_UTF8):
            raise Problem("malformed_json")
        if repeats_a_name(body):
            raise Problem("malformed_json", Reason("", "repeated_name"))


def _need_whole(given: dict[str, list[str]]) -> None:
    wrong = [
        name
        for name, texts in given.items()
        if any(_NUMBER_LIKE.fullmatch(text) and not _WHOLE.fullmatch(text) for text in texts)
    ]
    if wrong:
        raise Problem("invalid_request", *(Reason(name, "wrong_type", {"expected": "integer"}) for name in wrong))


def _declared(dependant: Dependant) -> Iterator[tuple[str, Declared]]:
    """The query parameters of an endpoint and of what it depends on, one by one or as the fields of a model."""
    for field in dependant.query_params:
        model = field.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            for name, inner in model.model_fields.items():
                yield inner.alias or name, _as_declared(inner.annotation)
        else:
            yield field.alias, _as_declared(model)
    for inner_dependant in dependant.dependencies:
        yield from _declared(inner_dependant)


def _as_declared(annotation: object) -> Declared:
    """Of a parameter that is declared as a list or a number, or as one that may be left out."""
    listed = get_origin(annotation) in (list, set, tuple) or any(
        get_origin(each) in (list, set, tuple) for each in get_args(annotation)
    )
    return Declared(listed, _mentions(annotation, int))


def _mentions(annotation: object, kind: type) -> bool:
    return annotation is kind or any(_mentions(each, kind) for each in get_args(annotation))
