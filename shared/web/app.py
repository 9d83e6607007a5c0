"""One recipe for the three services: health, docs that work offline, errors, metrics, and nothing in between."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

import asyncpg
import httpx
import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from fastapi_offline import FastAPIOffline
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from shared.reference import Reference, ReferenceKeeper
from shared.web.auth import Authenticator, right_of
from shared.web.background import Worker
from shared.web.database import NO_ROWS, Pool, open_pool
from shared.web.direct import Direct
from shared.web.edge import Edge
from shared.web.kept import ASKED, TAG, UNCHANGED, Kept
from shared.web.keyring import Keyring
from shared.web.limits import Limits
from shared.web.links import Made, add_links
from shared.web.log import configure
from shared.web.metrics import Metrics, Totals
from shared.web.origins import ALLOWED, NamedOrigins
from shared.web.parameters import understood
from shared.web.problems import (
    MEDIA_TYPE,
    Problem,
    ProblemBody,
    on_http_exception,
    on_problem,
    on_validation_error,
    refusals,
)
from shared.web.settings import Settings
from shared.web.tls import authorities

log = structlog.get_logger()


@dataclass
class Room:
    """What a running service holds: its pool, its picture of the reference data, its way to its neighbours."""

    name: str
    settings: Settings
    pool: Pool
    reference: ReferenceKeeper
    authenticator: Authenticator
    http: httpx.AsyncClient
    limits: Limits
    keyring: Keyring
    #: Lists that are being read whole: each keeps a connection (shared/web/streams.py).
    streams: int = 0


@dataclass(frozen=True)
class Sent:
    """What a service sends by itself, as the document tells of it. tag: that of the operations that it belongs to."""

    model: type[BaseModel]
    tag: str
    summary: str
    description: str

    def told(self, name: str) -> dict[str, Any]:
        """As an operation of whoever receives it."""
        schema = {"$ref": f"#/components/schemas/{self.model.__name__}"}
        return {
            "operationId": name,
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description,
            "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
            "responses": {"2XX": {"description": "Received; anything else is sent again later"}},
            "security": [],
        }


@dataclass(frozen=True)
class RoomPlan:
    """What a service is made of. `workers` makes the consumers that it runs beside its requests."""

    name: str
    title: str
    description: str
    #: The tags of its operations in the order in which they are shown, and what each is about.
    tags: Mapping[str, str]
    routers: Sequence[APIRouter]
    #: What is made by which operation: the document links it to what can be done with it.
    makes: Mapping[str, Made]
    workers: Callable[[Room], Sequence[Worker]] = lambda _: ()
    #: What must hold of the database before it serves; raises where it does not.
    need: Callable[[Pool, Settings], Awaitable[None]] | None = None
    #: What it counts in the database, for Prometheus.
    totals: Callable[[Room], Awaitable[Totals]] | None = None
    #: Models that the document explains though no JSON body is one of them: the records of a stream.
    models: Sequence[type[BaseModel]] = ()
    #: What it sends by itself to addresses that were entered, by a name of its own.
    sends: Mapping[str, Sent] = field(default_factory=dict)
    #: Paths, as routes have them, whose bodies are read as a stream in bounded memory: this limit is not theirs.
    streamed: frozenset[str] = frozenset()
    #: Operations that are reached directly: hot writes, for which the framework's way in costs more than the work.
    direct: frozenset[str] = frozenset()


_READY_SECONDS = 5.0
_TOTALS_SECONDS = 2.0


class Health(BaseModel):
    """Whether the service is alive or ready."""

    status: str = Field(description="ok, ready, or unavailable", examples=["ready"])


def room_of(request: Request) -> Room:
    """The room that serves a request."""
    room: Room = request.app.state.room
    return room


# Coroutines, though they await nothing: a plain function would be run in a thread, twice 60 µs a request.
async def _room(request: Request) -> Room:
    return room_of(request)


async def _reference(request: Request) -> Reference:
    return room_of(request).reference.current


RoomOf = Annotated[Room, Depends(_room)]
ReferenceOf = Annotated[Reference, Depends(_reference)]


@asynccontextmanager
async def open_room(
    plan: RoomPlan, settings: Settings, *, schema_revision: str, database_url: str
) -> AsyncIterator[Room]:
    """A room with its pool, reference data and, if the settings say so, its consumers at work. Refuses a schema other
    than `schema_revision`."""
    pool = await open_pool(database_url, size=settings.pool_size, name=f"motcua-{plan.name}")
    await _await_schema(pool, schema_revision, settings.schema_patience_seconds)
    if plan.need is not None:
        try:
            await plan.need(pool, settings)
        except BaseException:
            await pool.close()
            raise
    keeper = ReferenceKeeper(lambda: pool.acquire(NO_ROWS), settings.national_compare)
    await keeper.start()
    headers = {"Authorization": f"Bearer {settings.service_token.get_secret_value()}"}
    patience = httpx.Timeout(10, connect=2)
    async with httpx.AsyncClient(headers=headers, timeout=patience, verify=authorities()) as client:
        secret = settings.tracking_key.get_secret_value().encode()
        authenticator, limits = Authenticator(settings.trusted, secret=secret), Limits(settings)
        room = Room(plan.name, settings, pool, keeper, authenticator, client, limits, settings.keyring)
        workers = plan.workers(room) if settings.background else ()
        for worker in workers:
            worker.start()
        try:
            yield room
        finally:
            for worker in workers:
                await worker.stop()
            await room.authenticator.stop()
            await keeper.stop()
            await pool.close()


def make_app(plan: RoomPlan, settings: Settings, *, schema_revision: str, database_url: str) -> FastAPI:
    """The ASGI app of a room. `database_url`: the login of the room's own role."""
    configure(settings.log_level, plan.name)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_room(plan, settings, schema_revision=schema_revision, database_url=database_url) as room:
            app.state.room = room
            yield

    app = describe(plan, lifespan=lifespan)
    app.state.schema_revision = schema_revision
    app.state.max_body_bytes = settings.max_body_bytes
    app.state.access_log = settings.access_log
    if settings.cors_origins:
        app.add_middleware(NamedOrigins, allow_origins=settings.cors_origins, **ALLOWED)
    return app


def describe(plan: RoomPlan, *, lifespan: Any = None) -> FastAPI:
    """The app without a database behind it: what its OpenAPI document is made from."""
    app = FastAPIOffline(
        title=plan.title,
        description=plan.description,
        version="1.0.0",
        lifespan=lifespan,
        exception_handlers={
            Problem: on_problem,
            RequestValidationError: on_validation_error,
            HTTPException: on_http_exception,
        },
        telemetry={"tracing": False, "metrics": False},
        separate_input_output_schemas=False,
        redirect_slashes=False,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": "This service"}],
        openapi_tags=[{"name": name, "description": told} for name, told in {**plan.tags, **_HEALTH_TAG}.items()],
    )
    metrics = Metrics(plan.name)
    for router in plan.routers:
        app.include_router(router, dependencies=[Depends(understood)])
    app.include_router(_health_router(metrics, plan.totals))
    routes = [route for router in plan.routers for route in router.routes if isinstance(route, APIRoute)]
    app.state.paths = [(route.path_regex, route.methods or set()) for route in routes]
    direct = {
        (method, route.path): Direct(route)
        for route in routes
        if route.operation_id in plan.direct
        for method in route.methods or ()
    }
    app.add_middleware(Edge, metrics=metrics, streamed=plan.streamed, direct=direct)
    app.openapi = lambda: _document(app, plan)  # type: ignore[method-assign]
    return app


def _health_router(metrics: Metrics, totals: Callable[[Room], Awaitable[Totals]] | None) -> APIRouter:
    router = APIRouter(tags=["health"])

    @router.get("/healthz", summary="Alive", operation_id="healthz", response_description="It answers")
    async def healthz() -> Health:
        """The process answers."""
        return Health(status="ok")

    @router.get(
        "/readyz",
        summary="Ready",
        operation_id="readyz",
        response_description="Ready to serve",
        response_model=Health,
        responses={503: {"model": Health, "description": "Database not reachable, or its schema is not current"}},
    )
    async def readyz(request: Request) -> Response:
        """The database is reachable, its schema is the one this code was written for, and reference data is there."""
        try:
            room = room_of(request)
            async with asyncio.timeout(_READY_SECONDS):  # a pool without a free connection is not ready either
                schema = await _schema_of(room.pool)
            current = room.reference.current.loaded and schema == request.app.state.schema_revision
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            current = False
        return JSONResponse({"status": "ready" if current else "unavailable"}, 200 if current else 503)

    @router.get(
        "/metrics",
        summary="Metrics for Prometheus",
        operation_id="metrics",
        response_description="In the text format of Prometheus",
        response_class=Response,
    )
    async def show_metrics(request: Request) -> Response:
        """Counts and durations of requests, by route."""
        if totals is not None:
            # Without the database what was read last is told: the rest is most wanted then.
            with contextlib.suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                async with asyncio.timeout(_TOTALS_SECONDS):
                    metrics.keep(await totals(room_of(request)))
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router


async def _await_schema(pool: Pool, wanted: str, patience: float) -> None:
    """A migration that runs beside us is waited for; a schema that stays another is refused."""
    deadline = time.monotonic() + patience
    while (found := await _schema_of(pool)) != wanted:
        if time.monotonic() > deadline:
            raise RuntimeError(f"the database is at schema {found}, this code needs {wanted}: run `motcua migrate`")
        await asyncio.sleep(0.1)


async def _schema_of(pool: Pool) -> str | None:
    try:
        async with pool.acquire(NO_ROWS) as connection:
            revision: str | None = await connection.fetchval("SELECT version_num FROM alembic_version", timeout=5)
    except (asyncpg.UndefinedTableError, asyncpg.InsufficientPrivilegeError):
        return None
    return revision


def _document(app: FastAPI, plan: RoomPlan) -> dict[str, Any]:
    """The OpenAPI 3.1 document: problem+json everywhere, FastAPI's own 422 shape nowhere, and who may call what."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            license_info=app.license_info,
            servers=app.servers,
            tags=app.openapi_tags,
            separate_input_output_schemas=False,
        )
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        problem = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}), ProblemBody=problem)
        for model in (*plan.models, *(sent.model for sent in plan.sends.values())):
            described = model.model_json_schema(ref_template="#/components/schemas/{model}")
            schemas.update(described.pop("$defs", {}), **{model.__name__: described})
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        for path in document["paths"].values():
            for operation in path.values():
                refused = operation["responses"].get("422", {})
                if "HTTPValidationError" in str(refused):
                    operation["responses"]["422"] = {
                        "description": "`invalid_request`: The request is not valid (Dữ liệu gửi lên không hợp lệ)",
                        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
                    }
        for operations in document["paths"].values():
            for operation in operations.values():
                operation["responses"].setdefault("429", _TOO_MANY).setdefault("headers", _TOO_MANY["headers"])
                operation["security"] = []  # without a token, unless a right is asked for
        add_links(document, plan.makes)
        document["components"]["securitySchemes"] = {"bearer": _BEARER}
        for route in (route for router in plan.routers for route in router.routes if isinstance(route, APIRoute)):
            roles, relation, _ = right_of(route)
            if isinstance(route, Kept) and route.is_kept:
                _tell_kept(document["paths"][route.path]["get"])
            for method in sorted(route.methods or ()) if roles else ():
                operation = document["paths"][route.path][method.lower()]
                # Said here and not by a security dependency, which would cost every request 40 µs.
                operation["security"] = [{"bearer": []}]
                operation["x-roles"] = sorted(roles)
                operation["x-relation"] = relation
        if plan.sends:
            document["webhooks"] = {name: {"post": sent.told(name)} for name, sent in plan.sends.items()}
        document["components"]["schemas"] = dict(sorted(schemas.items()))
        app.openapi_schema = document
    return app.openapi_schema


def _tell_kept(operation: dict[str, Any]) -> None:
    """Unless it has a version of its own."""
    headers = operation["responses"]["200"].setdefault("headers", {})
    if "ETag" not in headers:
        headers["ETag"] = TAG
        operation["responses"]["304"] = UNCHANGED
        operation["parameters"] = [*operation.get("parameters", ()), ASKED]


_HEALTH_TAG = {"health": "Tình trạng dịch vụ · Whether it is alive and ready, and its metrics"}
_TOO_MANY = {
    **refusals("too_many_requests")[429],
    "headers": {
        "Retry-After": {"description": "Seconds until one more is heard", "schema": {"type": "integer"}},
        "RateLimit": {
            "description": "What is left: `r` requests; in `t` seconds one more",
            "schema": {"type": "string"},
        },
        "RateLimit-Policy": {"description": "Its quota, and the seconds it is for", "schema": {"type": "string"}},
    },
}

_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token (JWT) of an issuer that the installation trusts: OIDC for people, client"
    " credentials for machines. It gives a role and an agency, whose subtree it covers. `motcua token` issues one in"
    " embedded mode. Which roles may call an operation stands in its `x-roles`.",
}
