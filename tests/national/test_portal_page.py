"""The tables of docs/national-portal.md are the portal's own lists."""

from pathlib import Path

import pytest

from tests.national_portal import services
from tests.national_portal.faults import KINDS
from tests.national_portal.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "national-portal.md"

_CODES = {
    "WRONG_LOGIN": "wrong username or password",
    "STALE_SESSION": "no session, or an ended one",
    "NOT_THERE": "the dossier or question is not there",
    "WRONG_HEADERS": "a header is missing or wrong",
    "WRONG_UNIT": "another `madonvi`",
    "UNKNOWN_SERVICE": "no such service at this endpoint",
    "WRONG_ITEM": "an item is not as it must be",
    "TOO_MANY_ITEMS": "too many items in a batch",
    "TOO_OFTEN": "too many calls",
    "WRONG_BODY": "the body is no JSON object, or a parameter is missing",
    "FAILED": "a fault that was ordered",
}
_SETTINGS = {
    "session_seconds": "how long a session holds from its login",
    "session_calls": "for how many calls; 0: any number",
    "session_status": "200, 401 or 403, of the refusal of an ended one",
    "rate_calls": "so many calls are answered in `rate_seconds`; 0: any number",
    "rate_seconds": "the time for `rate_calls`",
    "rate_status": "200 or 429, of the refusal",
    "success_code": '0, `"0"` or `"00"`',
    "duplicate_code": "3, -3, or either as text",
    "unknown_fields": "`refuse` or `ignore`",
    "code_format": "`national` or `any`",
    "batch": "`each` item by itself, or `all` or nothing",
    "timelines": "sent again: `append`, `ignore` or `refuse`",
    "timeline_batch": "the most of them in a call",
    "lookup_timelines": "whether TraCuuHoSo gives them",
    "also_required": "further required fields of a dossier",
    "compare": "`instant` or `date`",
}
_FAULTS = {
    "slow": "the request waits before it is worked on",
    "broken_json": "the answer is cut within its JSON",
    "http_error": "an HTTP status and a page of HTML",
    "error_body": "HTTP 200 with an error body",
    "drop_before": "the connection is closed (`how`: `close`, `reset`), nothing was done",
    "drop_after": "the same, and it was done: the answer is lost",
    "truncated": "the answer ends halfway and the connection with it",
    "half": "the first half of a batch is done; `answer`: `error`, `per_item`, or `lie` (as though that were all)",
    "shuffled": "the results of the items in another order",
    "repeated": "the results of the items twice",
    "stale": "the answer to the call before of the same service; this one is done",
    "down": "every request is answered 503, or not at all (`how`: `503`, `close`)",
}


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rows])


def codes() -> str:
    return _table(["code", "meaning"], [[str(getattr(services, name)), said] for name, said in _CODES.items()])


def settings() -> str:
    shown = Settings().shown()
    assert set(shown) == set(_SETTINGS)
    rows = [[f"`{name}`", f"`{_plain(value)}`", _SETTINGS[name]] for name, value in shown.items()]
    return _table(["setting", "default", ""], rows)


def faults() -> str:
    assert set(KINDS) == set(_FAULTS)
    rows = []
    for kind, parameters in KINDS.items():
        shown = ", ".join(f"`{name}` {_plain(value)}" for name, value in parameters.items())
        rows.append([f"`{kind}`", shown, _FAULTS[kind]])
    return _table(["kind", "parameters, default", "what the caller meets"], rows)


def _plain(value: object) -> str:
    words = {True: "true", False: "false", None: "null"}
    if isinstance(value, bool) or value is None:
        return words[value]
    return "[]" if value == () else str(value)


@pytest.mark.parametrize("made", [codes, settings, faults], ids=lambda made: made.__name__)
def test_the_tables_are_the_portals(made):
    table = made()
    assert table in PAGE.read_text(encoding="utf-8"), f"docs/national-portal.md is stale. The table is now:\n{table}"


def test_every_service_is_named():
    text = PAGE.read_text(encoding="utf-8")
    missing = [name for named in services.SERVICES.values() for name in named if name not in text]
    assert not missing
