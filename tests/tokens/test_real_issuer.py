"""A real OIDC issuer, in a process of its own: found by discovery, client credentials, and its keys change.

`make issuer` installs it; without node or that, these tests are skipped."""

import asyncio
import json
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.local_issuer import LocalIssuer
from services.serve import app_of
from tests.conftest import Database
from tests.support import PROVINCE, WARD, bearer, serving, settings_for
from tests.tokens.issuing import AnyKey, ec, rsa

FOLDER = Path(__file__).parent / "real_issuer"
AUDIENCE = "https://motcua.example/api"
REPORT = "/v1/reports/resolution?agency=44&from=2026-01-01&to=2026-06-30"
WORKLIST = "/v1/worklist"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is missing: no real OIDC issuer to test against"),
    pytest.mark.skipif(
        not (FOLDER / "node_modules" / "oidc-provider").exists(), reason="oidc-provider is missing: run `make issuer`"
    ),
]


class RealIssuer:
    """The process, told by its standard input which keys it has."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.address = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self._process = subprocess.Popen(
            ["node", "issuer.mjs", self.address.rpartition(":")[2]],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def has(self, *keys: AnyKey) -> None:
        """From here on it signs with the first of these, and publishes all."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"keys": [key.as_dict(private=True) for key in keys]}) + "\n")
        self._process.stdin.flush()
        assert "ready\n" in self._process.stdout, "it came to its end"  # what else it has to say is read over

    def token(self, client: str = "nightly", **more: str) -> str:
        """By client credentials (RFC 6749, 4.4), as curl in docs/authentication.md."""
        form = {"grant_type": "client_credentials", "scope": "dossiers", "resource": AUDIENCE, **more}
        answer = httpx.post(f"{self.address}/token", auth=(client, f"{client}-secret"), data=form)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["access_token"]
        return token

    def stop(self) -> None:
        """Gone, as an issuer is that fails."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture
def real() -> Iterator[RealIssuer]:
    """A running one with an RSA key."""
    issuer = RealIssuer()
    try:
        yield issuer
    finally:
        issuer.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def rooms(
    database: Database, issuer: LocalIssuer, real: RealIssuer
) -> AsyncIterator[dict[str, httpx.AsyncClient]]:
    """Routing and stats, which trust it in two ways: by roles that it gives, and by its clients."""
    by_client = {"nightly": {"role": "machine", "agency": WARD}}
    mapped = {"motcua-supervisor": "supervisor"}
    plain = {"name": "real", "issuer": real.address, "audience": AUDIENCE}
    by_role = {**plain, "roles": ["supervisor"], "role_claim": "realm_access.roles", "role_map": mapped}
    machines = {**plain, "roles": ["machine"], "clients": by_client}
    async with (
        serving(app_of("stats").create_app(settings_for(database, issuer, issuers=[by_role]))) as stats,
        serving(app_of("routing").create_app(settings_for(database, issuer, issuers=[machines]))) as routing,
    ):
        yield {"stats": stats, "routing": routing}


def of(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_its_tokens_open_what_the_settings_say(real: RealIssuer, rooms: Any, issuer: LocalIssuer):
    real.has(rsa(alg="RS256"))
    stats, routing = rooms["stats"], rooms["routing"]
    nightly, stranger = real.token(), real.token("stranger")
    assert (await stats.get(REPORT, headers=of(nightly))).status_code == 200
    assert (await routing.get(WORKLIST, headers=of(nightly))).status_code == 200
    assert (await stats.get(REPORT, headers=bearer(issuer, "leader", PROVINCE))).status_code == 200, "the local one too"
    # By its clients alone: one that nobody has named is nobody, whatever roles its token carries.
    refused = await routing.get(WORKLIST, headers=of(stranger))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, "token_role")
    elsewhere = real.token(resource="https://elsewhere.example/api")
    refused = await stats.get(REPORT, headers=of(elsewhere))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (401, "token_audience")
    assert refused.headers["www-authenticate"].startswith('Bearer realm="motcua", error="invalid_token"')


async def test_a_machine_covers_the_agency_that_the_settings_give_it(real: RealIssuer, rooms: Any):
    real.has(ec(alg="ES256"))
    own = await rooms["routing"].get(f"{WORKLIST}?agency={WARD}", headers=of(real.token()))
    beyond = await rooms["routing"].get(f"{WORKLIST}?agency={PROVINCE}", headers=of(real.token()))
    assert own.status_code == 200
    assert (beyond.status_code, beyond.json()["code"]) == (403, "agency_out_of_scope")


async def test_its_keys_change_under_way(real: RealIssuer, rooms: Any):
    """The new one is taken as soon as a token names it, the old one while it is published, and one that was never
    published opens nothing."""
    stats = rooms["stats"]
    old, new = rsa(alg="RS256"), ec(alg="ES256")
    real.has(old)
    before = real.token()
    assert (await stats.get(REPORT, headers=of(before))).status_code == 200
    real.has(new, old)
    after = real.token()
    for _ in range(100):  # not asked again at once: a few seconds lie between two readings
        if (await stats.get(REPORT, headers=of(after))).status_code == 200:
            break
        await asyncio.sleep(0.2)
    assert (await stats.get(REPORT, headers=of(after))).status_code == 200
    assert (await stats.get(REPORT, headers=of(before))).status_code == 200, "it is published still"


async def test_it_may_be_away_for_a_while(real: RealIssuer, rooms: Any):
    real.has(rsa(alg="RS256"))
    known, unseen = real.token(), real.token()
    assert (await rooms["stats"].get(REPORT, headers=of(known))).status_code == 200
    real.stop()
    for token in (known, unseen):
        assert (await rooms["stats"].get(REPORT, headers=of(token))).status_code == 200


async def test_without_its_keys_nobody_is_let_in(real: RealIssuer, rooms: Any):
    real.has(rsa(alg="RS256"))
    token = real.token()
    real.stop()
    refused = await rooms["stats"].get(REPORT, headers=of(token))
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert refused.headers["retry-after"] == "5"
