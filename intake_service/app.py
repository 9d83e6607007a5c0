"""The intake service as an ASGI app."""

from fastapi import FastAPI

from intake_service.access_records import endpoints as access_records
from intake_service.anchors import endpoints as anchors
from intake_service.anchors.usecases import anchoring_worker
from intake_service.apologies import endpoints as apologies
from intake_service.bulk_actions import endpoints as bulk_actions
from intake_service.catalogue import endpoints as catalogue
from intake_service.catalogue.usecases import catalogue_worker
from intake_service.catalogue_mappings import endpoints as catalogue_mappings
from intake_service.catalogue_proposals import endpoints as catalogue_proposals
from intake_service.components import endpoints as components
from intake_service.corrections import endpoints as corrections
from intake_service.deadlines import endpoints as deadlines
from intake_service.documents import endpoints as documents
from intake_service.dossiers import endpoints as dossiers
from intake_service.exchange import endpoints as exchange
from intake_service.exchange.usecases import exchange_worker
from intake_service.files import endpoints as files
from intake_service.forms import endpoints as forms
from intake_service.imports import endpoints as imports
from intake_service.lapses.usecases import closing_worker
from intake_service.lifecycle import endpoints as lifecycle
from intake_service.national import endpoints as national
from intake_service.national.client import NationalClient, http_for_it
from intake_service.national.usecases import national_workers
from intake_service.numbers.usecases import need_its_keys
from intake_service.outbox.usecases import tell_routing_worker
from intake_service.petitions import endpoints as petitions
from intake_service.petitions import handling as petition_handling
from intake_service.procedures import endpoints as procedures
from intake_service.ratings import endpoints as ratings
from intake_service.recompute.usecases import recompute_worker
from intake_service.reconciliation import endpoints as reconciliation
from intake_service.reconciliation.usecases import reconciliation_worker
from intake_service.supplement_rules import endpoints as supplement_rules
from intake_service.tracking import endpoints as tracking
from migrations.logins import role_url
from migrations.revision import head_revision
from shared.contracts.intake import ImportRecord
from shared.web.app import Room, RoomPlan, make_app
from shared.web.background import Worker
from shared.web.idempotency import forgetting_worker
from shared.web.links import Made
from shared.web.settings import Settings, read_settings

ROLE = "motcua_intake"


def _national(room: Room) -> list[Worker]:
    """What speaks to the national database, where there is one: one client in one process, so that all of it keeps one
    pace."""
    place = room.settings.national_place
    if place is None:
        return []
    http = http_for_it()
    client = NationalClient(http, place)
    queueing, telling = national_workers(room, client)
    asking = [
        reconciliation_worker(room, client),
        exchange_worker(room, client),
        catalogue_worker(room, client, close=http.aclose),
    ]
    return [queueing, telling, *(worker.only_where(telling) for worker in asking)]


PLAN = RoomPlan(
    name="intake",
    title="Một cửa · Intake",
    description=(
        "Tiếp nhận hồ sơ thủ tục hành chính: what a citizen hands in and gets back. "
        "Receives dossiers, keeps their lifecycle and event log, imports those of other systems."
    ),
    tags={
        "procedures": "Thủ tục hành chính · The catalogue of procedures, with their terms and papers",
        "supplement rules": "Quy định về bổ sung hồ sơ · What a supplement does to a term, by the law of its day",
        "dossiers": "Hồ sơ · Dossiers received, found and read",
        "bulk actions": "Thao tác hàng loạt · Up to 1,000 actions in one call, each with its own result",
        "lifecycle": "Vòng đời hồ sơ · What happens to a dossier, step by step, and what is put right",
        "apologies": "Xin lỗi và gia hạn · Apologies and new due dates: proposed, approved, sent and received",
        "deadlines": "Thời hạn giải quyết · When a dossier is due and why, of one or of what is to come",
        "forms": "Biểu mẫu · The forms of a dossier, printed, and the register of reception",
        "files": "Tệp của hồ sơ · Scans and electronic papers of a dossier, sent and read",
        "tracking": "Tra cứu hồ sơ · What the applicant sees, by the code and the secret on the receipt",
        "ratings": "Đánh giá mức độ hài lòng · How applicants rate dossiers that have ended",
        "petitions": "Phản ánh, kiến nghị · What anybody has to say, until it is answered and published",
        "imports": "Nhập hồ sơ từ hệ thống khác · Dossiers of another system, from CSV or NDJSON",
        "national database": "Cơ sở dữ liệu quốc gia · What it is told of dossiers, and what sticks",
        "national catalogue": "Danh mục quốc gia · What is published, and what of it holds here",
        "access records": "Nhật ký xem dữ liệu cá nhân · Who read which personal data, when and why",
        "anchors": "Mốc neo nhật ký sự kiện · What a third party keeps of the event log, day by day",
    },
    routers=(
        procedures.router,
        components.router,
        supplement_rules.router,
        dossiers.router,
        bulk_actions.router,
        lifecycle.router,
        corrections.router,
        apologies.router,
        deadlines.router,
        forms.router,
        files.router,
        files.links_router,
        documents.router,
        tracking.router,
        ratings.public_router,
        ratings.router,
        petitions.public_router,
        petitions.kept_router,
        petitions.router,
        petition_handling.router,
        imports.router,
        national.router,
        reconciliation.router,
        exchange.router,
        catalogue.router,
        catalogue_proposals.router,
        catalogue_mappings.router,
        access_records.router,
        anchors.router,
    ),
    need=need_its_keys,
    workers=lambda room: [
        tell_routing_worker(room),
        recompute_worker(room),
        closing_worker(room),
        anchoring_worker(room),
        forgetting_worker(room.pool, "intake"),
        *_national(room),
    ],
    models=(ImportRecord,),
    streamed=frozenset({imports.PATH, files.PATH}),
    direct=frozenset({"receiveDossier"}),
    makes={
        "receiveDossier": Made("/v1/dossiers/{code}", {"code": "$response.body#/code"}),
        "proposeExtension": Made(
            "/v1/dossiers/{code}/extension-proposals/{n}", {"code": "$request.path.code", "n": "$response.body#/n"}
        ),
        "enterSupplementRule": Made("/v1/supplement-rules/{rule_id}", {"rule_id": "$response.body#/id"}),
        "attachFile": Made(
            f"{files.PATH}/{{file_id}}", {"code": "$request.path.code", "file_id": "$response.body#/id"}
        ),
        "enterPetition": Made("/v1/petitions/{code}", {"code": "$response.body#/code"}),
        "submitPetition": Made("/v1/public/petitions/{code}", {"code": "$response.body#/code"}),
        "importDossiers": Made("/v1/imports/{import_id}", {"import_id": "$response.body#/id"}),
    },
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app with its settings (from the environment unless given)."""
    settings = settings or read_settings()
    url = role_url(settings.database_url.get_secret_value(), ROLE)
    return make_app(PLAN, settings, schema_revision=head_revision(), database_url=url)
