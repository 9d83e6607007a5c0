"""Where an answer leads, told in the contract as OpenAPI links: from what makes a thing to every operation on it."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Made(NamedTuple):
    """What an operation makes: the path of the thing, and where each parameter of that path is found."""

    path: str
    found: Mapping[str, str]


def add_links(document: dict[str, Any], made_by: Mapping[str, Made]) -> None:
    """Add to the answer of each operation of `made_by` a link to each operation on what it makes, called by its id."""
    for operations in document["paths"].values():
        for operation in operations.values():
            made = made_by.get(operation["operationId"])
            if made is not None:
                answers = operation["responses"]
                answer = answers.get("201") or answers["202"]
                answer["links"] = {
                    target: {"operationId": target, "parameters": {f"path.{n}": at for n, at in made.found.items()}}
                    for path, targets in document["paths"].items()
                    if path == made.path or path.startswith(f"{made.path}/")
                    for target in (each["operationId"] for each in targets.values())
                }
