"""docs/reports.md: every request on the page is answered, and every parameter and grouping has one."""

import csv
import json
import re
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.contracts.stats import (
    GROUPING_NAMES,
    FigureList,
    FigureListQuery,
    ListedDossier,
    ReportQuery,
    ResolutionReport,
)
from tests.builders_log import write
from tests.stats.scenes import a_scene

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text(encoding="utf-8")
REQUESTS = re.findall(r"^GET (\S+)$", PAGE, re.MULTILINE)


def asked(request: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request).query).items()}


def test_every_parameter_and_every_grouping_is_shown() -> None:
    shown = {name for request in REQUESTS for name in asked(request)}
    parameters = {
        field.alias or name for query in (ReportQuery, FigureListQuery) for name, field in query.model_fields.items()
    }
    assert parameters - shown == {"cursor", "definition"}  # what `next` holds; docs/definitions.md
    grouped = {name for request in REQUESTS for name in asked(request).get("group_by", "").split(",")}
    assert set(GROUPING_NAMES) <= grouped


@pytest.mark.parametrize("language", ["vi", "en"])
async def test_every_request_is_answered(database: Any, issuer: Any, language: str) -> None:
    async with a_scene(database, issuer, seed=301, dossiers=60) as scene:
        await write(scene.owner, scene.histories)
        for request in REQUESTS:
            answer = await scene.client.get(request, headers={"Accept-Language": language})
            assert answer.status_code == 200, (request, answer.text)
            query = asked(request)
            if query.get("format") == "ndjson":
                for line in answer.text.splitlines():
                    ListedDossier.model_validate(json.loads(line))
            elif query.get("format") == "csv":
                assert list(csv.DictReader(StringIO(answer.text)))
            elif "figure" in query:
                FigureList.model_validate(answer.json())
            else:
                report = ResolutionReport.model_validate(answer.json())
                assert report.period.first.isoformat() == answer.json()["period"]["from"]
                if query.get("cut") == "21-20":
                    assert (f"{report.period.first}", f"{report.period.last}") == ("2019-07-21", "2019-08-20")
