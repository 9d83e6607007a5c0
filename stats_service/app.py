"""The stats service as an ASGI app."""

from collections.abc import Sequence

from fastapi import FastAPI

from migrations.logins import role_url
from migrations.revision import head_revision
from shared.web.app import Room, RoomPlan, make_app
from shared.web.background import Worker
from shared.web.idempotency import forgetting_worker
from shared.web.links import Made
from shared.web.settings import Settings, SettingsMissing, read_settings
from stats_service.counts.rules import LOOK_SECONDS
from stats_service.counts.usecases import Folding
from stats_service.definitions import endpoints as definitions
from stats_service.editions import endpoints as editions
from stats_service.figure_lists import endpoints as figure_lists
from stats_service.index_766 import endpoints as index_766
from stats_service.index_766.rule_file import BrokenRuleFile, rule_versions
from stats_service.national_verdicts import endpoints as national_verdicts
from stats_service.official_tables import endpoints as official_tables
from stats_service.rates import endpoints as rates
from stats_service.reports import endpoints as reports
from stats_service.satisfaction import endpoints as satisfaction


def _workers(room: Room) -> Sequence[Worker]:
    return (
        Worker(room.pool, "stats.counts", Folding(), idle=LOOK_SECONDS),
        forgetting_worker(room.pool, "stats"),
    )


ROLE = "motcua_stats"
PLAN = RoomPlan(
    name="stats",
    title="Một cửa · Stats",
    description=(
        "Thống kê tình hình giải quyết thủ tục hành chính: what the numbers say. Every figure is the length of a list "
        "that can be opened, and is exact at once."
    ),
    tags={
        "reports": "Báo cáo · How dossiers were resolved, the lists behind each figure, and by which definition",
        "official tables": "Biểu báo cáo · The tables that are sent, and the circulars that they come from",
        "satisfaction": "Mức độ hài lòng · How applicants rated what was done, for everybody and for whoever watches",
        "editions": "Bản chốt báo cáo · Reports sealed as they were, for good",
    },
    routers=(
        reports.router,
        figure_lists.router,
        official_tables.router,
        index_766.router,
        national_verdicts.router,
        rates.router,
        satisfaction.public_router,
        satisfaction.router,
        definitions.router,
        editions.router,
    ),
    workers=_workers,
    makes={"sealEdition": Made("/v1/reports/editions/{edition_id}", {"edition_id": "$response.body#/id"})},
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The app with its settings (from the environment unless given)."""
    settings = settings or read_settings()
    try:
        rule_versions(settings.index_766_file)
    except BrokenRuleFile as broken:  # found at the start, not by whoever asks first
        raise SettingsMissing(str(broken)) from None
    url = role_url(settings.database_url.get_secret_value(), ROLE)
    return make_app(PLAN, settings, schema_revision=head_revision(), database_url=url)
