"""The routing service as an ASGI app."""

from collections.abc import Sequence

from fastapi import FastAPI

from migrations.logins import role_url
from migrations.revision import head_revision
from routing_service.agencies import endpoints as agencies
from routing_service.assignments import endpoints as assignments
from routing_service.bulk_actions import endpoints as bulk_actions
from routing_service.calendar_changes import endpoints as calendar_changes
from routing_service.calendars import endpoints as calendars
from routing_service.cases import endpoints as cases
from routing_service.cases.usecases import FinishTeller
from routing_service.delegations import endpoints as delegations
from routing_service.hand_overs import endpoints as hand_overs
from routing_service.identification_codes import endpoints as identification_codes
from routing_service.opinions import endpoints as opinions
from routing_service.opinions.usecases import escalating_worker
from routing_service.overdue import endpoints as overdue
from routing_service.reorganisations import endpoints as reorganisations
from routing_service.reorganisations.usecases import Mover
from routing_service.segments import endpoints as segments
from routing_service.segments.usecases import settling_worker
from routing_service.sessions import endpoints as sessions
from routing_service.webhook_deliveries import endpoints as webhook_deliveries
from routing_service.webhook_deliveries.sending import Sender
from routing_service.webhook_deliveries.usecases import following_worker, sending_worker
from routing_service.webhooks import endpoints as webhooks
from routing_service.webhooks.usecases import counted
from routing_service.workflows import endpoints as workflows
from shared.contracts.intake import IntakeClient
from shared.contracts.webhooks import WebhookMessage
from shared.web.app import Room, RoomPlan, Sent, make_app
from shared.web.background import Worker
from shared.web.clock import now
from shared.web.idempotency import forgetting_worker
from shared.web.links import Made
from shared.web.settings import Settings, read_settings


def _workers(room: Room) -> Sequence[Worker]:
    teller = FinishTeller(
        pool=room.pool,
        intake=lambda: IntakeClient(room.http, room.settings.intake_url),
        reference=lambda: room.reference.current,
        clock=now,
    )
    mover = Mover(reference=lambda: room.reference.current, clock=now)
    sender = Sender(
        room.settings.webhook_targets,
        certificates=room.settings.webhook_certificates,
        proxy=room.settings.webhook_proxy,
    )
    return (
        Worker(room.pool, "routing.finish-reports", teller.round),
        Worker(room.pool, "routing.reorganisations", mover.round, idle=1.0),
        settling_worker(room.pool, lambda: room.reference.current, now),
        escalating_worker(room.pool, now),
        following_worker(room.pool, lambda: room.reference.current, now),
        sending_worker(room.pool, sender, room.keyring, now),
        forgetting_worker(room.pool, "routing"),
    )


ROLE = "motcua_routing"
PLAN = RoomPlan(
    name="routing",
    title="Một cửa · Routing",
    description=(
        "Luân chuyển hồ sơ: who holds the dossier now, and until when. Agencies in force on any day, the working "
        "calendar, cases and hand-overs, linked procedures and internal processes, the worklist, what is overdue and "
        "what is due soon."
    ),
    tags={
        "agencies": "Cơ quan · Agencies in force on a day, their identification codes and working hours",
        "calendar": "Lịch làm việc · Days off and days worked, and what a change of them moves",
        "cases": "Lượt xử lý · Who holds a dossier, until when, and the worklist",
        "hand-overs": "Giao nhận hồ sơ · Dossiers handed over, received, declined, recalled and given back",
        "assignments": "Phân công giải quyết · Who in the holder works on it",
        "bulk actions": "Thao tác hàng loạt · Up to 1,000 actions in one call, each with its own result",
        "delegations": "Ủy quyền · In whose place somebody acts",
        "reorganisations": "Sắp xếp đơn vị · Open dossiers go to the units that take over",
        "segments": "Khâu xử lý · Each unit's share of a dossier, with a clock of its own",
        "opinions": "Lấy ý kiến · What another unit is asked on a dossier",
        "overdue": "Quá hạn và sắp đến hạn · What is late, what is due soon, what an apology is owed for",
        "webhooks": "Nơi nhận thông báo · Addresses that are told of what happens to dossiers, and their messages",
        "workflows": "Quy trình · Who works on the dossiers of a procedure, for how long, after whom",
    },
    routers=(
        agencies.router,
        identification_codes.router,
        sessions.router,
        calendars.router,
        calendar_changes.router,
        cases.router,
        hand_overs.router,
        assignments.router,
        bulk_actions.router,
        delegations.router,
        reorganisations.router,
        cases.worklist_router,
        segments.router,
        segments.list_router,
        opinions.router,
        opinions.list_router,
        overdue.router,
        webhooks.router,
        webhook_deliveries.router,
        workflows.router,
    ),
    workers=_workers,
    totals=counted,
    sends={
        "dossierTold": Sent(
            WebhookMessage,
            "webhooks",
            "Thông báo về hồ sơ · What happened to a dossier",
            "Sent to each webhook that was entered (`createWebhook`) and wants such events, signed over its bytes in "
            "the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` (Standard Webhooks); and again, "
            "until it is received or given up.",
        )
    },
    makes={
        "openCase": Made("/v1/cases/{code}", {"code": "$response.body#/code"}),
        "handOver": Made(
            "/v1/cases/{code}/hand-overs/{seq}", {"code": "$request.path.code", "seq": "$response.body#/seq"}
        ),
        "askOpinion": Made(
            "/v1/cases/{code}/opinions/{no}", {"code": "$request.path.code", "no": "$response.body#/no"}
        ),
        "delegate": Made("/v1/delegations/{delegation_id}", {"delegation_id": "$response.body#/id"}),
        "reorganise": Made("/v1/reorganisations/{reorganisation_id}", {"reorganisation_id": "$response.body#/id"}),
        "createWebhook": Made("/v1/webhooks/{webhook_id}", {"webhook_id": "$response.body#/id"}),
        "defineWorkflow": Made("/v1/workflows/{code}", {"code": "$response.body#/code"}),
        "changeCalendar": Made("/v1/calendar/changes/{number}", {"number": "$response.body#/id"}),
    },
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app with its settings (from the environment unless given)."""
    settings = settings or read_settings()
    url = role_url(settings.database_url.get_secret_value(), ROLE)
    return make_app(PLAN, settings, schema_revision=head_revision(), database_url=url)
