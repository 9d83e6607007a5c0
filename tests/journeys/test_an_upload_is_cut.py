"""A wire cut in the middle of an upload: what landed stays, the import says so, the same file again finishes."""

import socket
from urllib.parse import urlsplit

from services.demo import half_year
from tests.journeys.conftest import Running, eventually
from tests.support import PROVINCE

TOTALS = half_year.LETTER.scaled(20)


def test_the_wire_is_cut(running: Running) -> None:
    body = b"".join(half_year.ndjson(totals=TOTALS))
    with running.client("intake", "admin", PROVINCE) as intake:
        _send_half(running.addresses.intake, intake.headers["Authorization"], body)
        eventually(lambda: "interrupted" in [each["state"] for each in intake.get("/v1/imports").json()["items"]])
        broken = intake.get("/v1/imports").json()["items"][0]
        assert 0 < broken["created"] < TOTALS.count
        whole = intake.post(
            "/v1/imports", content=body, headers={"Content-Type": "application/x-ndjson"}, timeout=60
        ).json()
    assert (whole["state"], whole["rejected"]) == ("done", 0)
    assert whole["unchanged"] == broken["created"]
    assert whole["created"] + whole["unchanged"] == TOTALS.count


def _send_half(address: str, authorization: str, body: bytes) -> None:
    place = urlsplit(address)
    assert place.hostname is not None
    head = (
        "POST /v1/imports HTTP/1.1\r\nHost: intake\r\nContent-Type: application/x-ndjson\r\n"
        f"Authorization: {authorization}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port)) as wire:
        wire.sendall(head.encode() + body[: len(body) * 2 // 3])
