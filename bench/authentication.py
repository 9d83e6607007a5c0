"""What a request pays for who asks and whether he may: with the issuer's keys at hand, in one process.

The reference is the same request to the same handler without a guard, in turn with it.
"""

import asyncio
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from bench.figures import Figure, Goal, percentile
from bench.ground import Ground, reference_in
from shared.reference import Reference
from shared.web.auth import Authenticator, Caller, Role, allowed
from shared.web.auth.issuers import Issuer
from shared.web.clock import now

_GOAL = Goal("ours", "≤", 150)
_ISSUER, _AUDIENCE, _AGENCY = "bench", "motcua", "44"
#: Any that is for leaders.
_OPERATION = "sealEdition"


def measure(ground: Ground) -> list[Figure]:
    """Microseconds at 95 % of the guard alone, for a token known already and for one that is new."""
    url = ground.database("bench_authentication")
    reference = asyncio.run(reference_in(url))
    ground.drop("bench_authentication")
    keys: dict[str, RSAKey | ECKey] = {
        "RS256": RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True),
        "ES256": ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True),
    }
    file = ground.directory / "bench-jwks.json"
    file.write_text(json.dumps(KeySet(list(keys.values())).as_dict(private=False)))
    times = ground.scale.renderings
    return asyncio.run(_figures(reference, file, keys, times))


async def _figures(reference: Reference, file: Path, keys: dict[str, RSAKey | ECKey], times: int) -> list[Figure]:
    authenticator = Authenticator(
        [Issuer(issuer=_ISSUER, audience=(_AUDIENCE,), jwks_file=file, roles=frozenset(Role))]
    )
    app = _app(authenticator, reference)
    first = _token(keys["ES256"], "ES256", -1)
    await allowed(_request(app, first))  # the keys are read
    known = await _timed([lambda: allowed(_request(app, first))] * times)
    bare = await _timed([lambda: _handled(app, "/open", first)] * times)
    guarded = await _timed([lambda: _handled(app, "/guarded", first)] * times)
    figures = [
        Figure(
            "authentication, token known",
            percentile(known, 95),
            "µs",
            percentile(bare, 95),
            "the same request to the same handler without it",
            percentile(guarded, 50) / percentile(bare, 50),
            _GOAL,
            f"95 % of {times}; role and agency included; the ratio is of whole requests with and without it, medians",
        )
    ]
    for algorithm, key in keys.items():
        tokens = [_token(key, algorithm, number) for number in range(times)]
        new = await _timed([lambda token=token: allowed(_request(app, token)) for token in tokens])  # type: ignore[misc]
        alone = await _timed([lambda token=token: _verified(key, algorithm, token) for token in tokens])  # type: ignore[misc]  # noqa: B023
        figures.append(
            Figure(
                f"authentication, new token, {algorithm}",
                percentile(new, 95),
                "µs",
                percentile(alone, 95),
                "its signature alone, by the library below",
                percentile(new, 50) / percentile(alone, 50),
                _GOAL,
                f"95 % of {times} tokens, each seen once; the median {percentile(new, 50):.0f} µs",
            )
        )
    await authenticator.stop()
    return figures


def _app(authenticator: Authenticator, reference: Reference) -> FastAPI:
    """A handler twice: for anybody, and for leaders."""
    app = FastAPI()
    limits = SimpleNamespace(call=lambda *_, **__: {})
    app.state.room = SimpleNamespace(
        authenticator=authenticator, reference=SimpleNamespace(current=reference), limits=limits
    )

    @app.get("/open")
    async def for_anybody() -> Response:
        return Response(b"{}")

    @app.get("/guarded", operation_id=_OPERATION)
    async def for_leaders(principal: Caller) -> Response:
        return Response(b"{}")

    return app


def _token(key: RSAKey | ECKey, algorithm: str, number: int) -> str:
    instant = int(now().timestamp())
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE,
        "sub": f"somebody-{number}",
        "role": "leader",
        "agency": _AGENCY,
        "iat": instant,
        "exp": instant + 3600,
    }
    return jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])


async def _verified(key: RSAKey | ECKey, algorithm: str, token: str) -> None:
    signing, _, signature = token.encode().rpartition(b".")
    if not jws.JWSRegistry.algorithms[algorithm].verify(signing, urlsafe_b64decode(signature + b"=="), key):
        raise LookupError("a signature of ours is wrong")


def _scope(app: FastAPI, path: str, token: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"bench"), (b"authorization", b"Bearer " + token.encode())],
        "app": app,
    }


def _request(app: FastAPI, token: str) -> Request:
    return Request({**_scope(app, "/guarded", token), "route": SimpleNamespace(operation_id=_OPERATION)})


async def _handled(app: FastAPI, path: str, token: str) -> None:
    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and message["status"] != 200:
            raise LookupError(f"{path} answered {message['status']}")

    await app(_scope(app, path, token), _nothing, send)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _timed(calls: Sequence[Callable[[], Awaitable[object]]]) -> list[float]:
    """Microseconds of each."""
    taken = []
    for call in calls:
        began = time.perf_counter()
        await call()
        taken.append(1e6 * (time.perf_counter() - began))
    return taken
