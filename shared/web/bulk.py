"""Many actions in one call, each with its own result: one bad item holds up no other.

An item is read by itself (`items_of`), so a malformed one is refused alone; what became of all is kept under the call's
Idempotency-Key, and read back when the call is repeated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from shared.web.answers import json_answer
from shared.web.problems import PROBLEMS, Problem, Reason, language_of, reasons_of

DONE, REPLAYED = "done", "replayed"

Item = TypeVar("Item", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Read(Generic[Item]):
    """An item as it was read, or why it cannot be."""

    index: int
    item: Item | None
    problem: Problem | None = None


def items_of(given: Sequence[object], models: Mapping[str, type[Item]]) -> list[Read[Item]]:
    """The items of a call, each read as the model of its `action`."""
    return [_read(index, item, models) for index, item in enumerate(given)]


def _read(index: int, given: object, models: Mapping[str, type[Item]]) -> Read[Item]:
    if not isinstance(given, dict):
        return Read(index, None, Problem("invalid_request", Reason("", "wrong_type", {"expected": "object"})))
    action = given.get("action")
    model = models.get(action) if isinstance(action, str) else None
    if model is None:
        code, params = ("not_one_of", {"expected": ", ".join(models)}) if "action" in given else ("required", {})
        return Read(index, None, Problem("invalid_request", Reason("action", code, dict(params))))
    try:
        return Read(index, model.model_validate(given))
    except ValidationError as error:
        return Read(index, None, Problem("invalid_request", *reasons_of(error.errors())))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one item: `result` is done or replayed, or there is a problem."""

    code: str | None
    result: str
    problem: Problem | None = None


def kept(outcomes: Sequence[Outcome]) -> str:
    """All outcomes as they are kept under the call's key."""
    return orjson.dumps([(each.code, each.result, _kept(each.problem)) for each in outcomes]).decode()


def kept_before(resource: str) -> list[Outcome]:
    """What an earlier call with the same key had done: now it is done no more."""
    return [
        Outcome(code, REPLAYED if result == DONE else result, _problem(problem))
        for code, result, problem in orjson.loads(resource)
    ]


def _kept(problem: Problem | None) -> object:
    return problem and (problem.code, [(reason.field, reason.code, reason.params) for reason in problem.reasons])


def _problem(kept_as: Any) -> Problem | None:
    return kept_as and Problem(kept_as[0], *(Reason(*reason) for reason in kept_as[1]))


def bulk_response(request: Request, outcomes: Sequence[Outcome], *, replayed: bool) -> Response:
    """The answer to a call: how many of each, and what became of every item, in order."""
    language = language_of(request)
    items = [
        {
            "index": index,
            "code": each.code,
            "result": "refused" if each.problem else each.result,
            "problem": _shown(each.problem, language) if each.problem else None,
        }
        for index, each in enumerate(outcomes)
    ]
    tally = {name: sum(item["result"] == name for item in items) for name in (DONE, REPLAYED, "refused")}
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    return json_answer({**tally, "items": items}, 200, headers, replayed=replayed)


def _shown(problem: Problem, language: str) -> dict[str, Any]:
    status, *_ = PROBLEMS[problem.code]
    return {"status": status, "code": problem.code, "errors": [reason.wire(language) for reason in problem.reasons]}
