"""HTTP of the definitions. Public: whoever reads a figure may know what it means."""

from fastapi import APIRouter

from shared.contracts.stats import Definitions
from shared.web.kept import Kept
from stats_service.definitions.rules import DEFINITIONS, DEFINITIONS_ON_DEMAND
from stats_service.on_time.rules import ON_TIME

router = APIRouter(prefix="/v1", tags=["reports"], route_class=Kept)


@router.get(
    "/definitions",
    operation_id="definitions",
    summary="Định nghĩa các số liệu · What the figures mean",
    response_description="Each figure with its name and how it is counted",
    response_model=Definitions,
)
async def definitions() -> Definitions:
    """Each figure of the reports: its names, how it is made, and the document that asks for it; and each definition of
    "on time" that is in use, in terms of these figures: who uses it, how it rounds, and how sure that is."""
    return Definitions(items=list(DEFINITIONS), on_demand=list(DEFINITIONS_ON_DEMAND), on_time=list(ON_TIME))
