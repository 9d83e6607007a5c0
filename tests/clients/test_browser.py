"""Pages of other origins, in a real browser: one that is named may do what its token may, and keeps what is public; one
that is not named is shut out."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.pages import BROWSER, Origin
from tests.journeys.conftest import Running, eventually
from tests.support import REGISTER_COPY, a_draft

pytestmark = pytest.mark.skipif(BROWSER is None, reason="Chromium is missing: run `make browser`")
SHUT_OUT = {"refused": "TypeError"}


def answered(address: str, method: str, route: str) -> dict[str, int]:
    """How often a service has answered a route, by status."""
    line = rf'^motcua_requests_total{{method="{method}",room="\w+",route="{route}",status="(\d+)"}} ([\d.]+)$'
    text = httpx.get(f"{address}/metrics").text
    return {status: int(float(count)) for status, count in re.findall(line, text, re.MULTILINE)}


@pytest.fixture
def given(running: Running, told: dict[str, str]) -> dict[str, Any]:
    addresses = running.addresses
    return {
        **{"routing": addresses.routing, "intake": addresses.intake},
        **{"token": told["COUNTER_TOKEN"], "draft": a_draft(procedure=REGISTER_COPY)},
    }


def test_a_page_of_a_named_origin(running: Running, named: Origin, given: dict[str, Any], tmp_path: Path) -> None:
    routing = running.addresses.routing
    before = answered(routing, "GET", "/v1/agencies")
    came = named.shown(given, tmp_path)
    assert came["first"]["status"] == 200
    assert re.fullmatch(r'"[0-9a-f]{16}"', came["first"]["etag"])
    assert came["second"] == came["first"], "the page sees no difference"
    assert came["asked"] == {"status": 304, "etag": came["first"]["etag"], "length": 0}
    assert (came["locked"]["status"], came["received"]["status"]) == (200, 201)
    assert came["otherHeader"] == came["otherMethod"] == SHUT_OUT, "it asks before, and takes no for an answer"
    after = answered(routing, "GET", "/v1/agencies")
    # Sent once; the browser kept it, and asked by its tag. What it may not send has not come.
    assert {status: count - before.get(status, 0) for status, count in after.items()} == {"200": 1, "304": 2}


def test_no_browser_is_left_behind(named: Origin, given: dict[str, Any], tmp_path: Path) -> None:
    def of_this_profile() -> list[Path]:
        """Processes that name it. One that has just ended has no words any more."""
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                found += [file] if str(tmp_path).encode() in file.read_bytes() else []
        return found

    named.shown(given, tmp_path)
    eventually(lambda: of_this_profile() == [])


def test_a_page_of_an_origin_that_is_not_named(
    running: Running, foreign: Origin, given: dict[str, Any], tmp_path: Path
) -> None:
    received = answered(running.addresses.intake, "POST", "/v1/dossiers")
    came = foreign.shown(given, tmp_path)
    assert came == dict.fromkeys(came, SHUT_OUT)
    assert len(came) == 7
    assert answered(running.addresses.intake, "POST", "/v1/dossiers") == received, "it was not even sent"
