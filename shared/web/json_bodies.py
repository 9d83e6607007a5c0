"""What JSON itself leaves open, and a body may not leave open: a name that stands twice in one object (RFC 8259 4)."""

import json


class _RepeatedError(Exception):
    pass


def repeats_a_name(body: bytes) -> bool:
    """Whether an object of the body has a name twice. What is no JSON at all is left to whoever reads it to refuse."""
    try:
        json.loads(body, object_pairs_hook=_once)
    except _RepeatedError:
        return True
    except (ValueError, RecursionError):
        return False
    return False


def _once(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _RepeatedError
