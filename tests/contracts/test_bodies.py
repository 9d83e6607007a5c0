"""What a body may hold: JSON has types of its own, and a value of another type is refused, not bent into shape."""

import importlib
import json
import pkgutil
from collections.abc import Iterator
from functools import partial
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

import shared.contracts
from shared.contracts.fields import Incoming
from shared.contracts.intake import ImportRecord
from shared.web.problems import reasons_of

#: A file's record may be a line of CSV, in which every value is a text.
_OF_FILES = {ImportRecord}

#: type → values that are of another type in JSON, and that a lax reader takes for one of it
_LAX: dict[type, list[object]] = {
    int: [True, False, "1", 1.0],
    bool: [1, 0, 1.0, "1", "true", "yes", "off"],
    float: [True, "1", "0.5"],
}


def _models() -> Iterator[type[Incoming]]:
    for module in pkgutil.iter_modules(shared.contracts.__path__):
        importlib.import_module(f"shared.contracts.{module.name}")
    waiting: list[type[Incoming]] = [Incoming]
    while waiting:
        found = waiting.pop().__subclasses__()
        waiting += found
        yield from (model for model in found if model not in _OF_FILES)


def _types(annotation: Any) -> set[type]:
    """The types that an annotation is made of: `Annotated[int, …] | None` is of int and None."""
    inner = [each for each in get_args(annotation) if each is not annotation]
    if not inner:
        return {annotation} if isinstance(annotation, type) else set()
    return set().union(*map(_types, inner))


FIELDS = sorted(
    {
        (model, name, kind)
        for model in _models()
        for name, field in model.model_fields.items()
        for kind in _types(field.annotation) & set(_LAX)
    },
    key=str,
)


@pytest.mark.parametrize(("model", "name", "kind"), FIELDS, ids=lambda part: getattr(part, "__name__", part))
def test_a_value_of_another_type_is_refused(model: type[BaseModel], name: str, kind: type) -> None:
    alias = model.model_fields[name].alias or name
    for value in _LAX[kind]:
        for sent in ({alias: value}, {alias: [value]}):  # a field may be a list of such
            for read in (partial(model.model_validate, sent), partial(model.model_validate_json, json.dumps(sent))):
                with pytest.raises(ValidationError) as refused:
                    read()  # the framework's way, and the direct one
                codes = {reason.field.split(".")[0]: reason.code for reason in reasons_of(refused.value.errors())}
                assert codes.get(alias) == "wrong_type", f"{model.__name__} takes {sent}"


def test_there_are_such_fields() -> None:
    named = {(model.__name__, name) for model, name, _ in FIELDS}
    assert {("DossierIn", "case"), ("DossierIn", "submission"), ("BulkFinish", "version")} <= named
