"""Bộ chỉ số theo Quyết định 766: an agency's index says what it is made of, what it cannot tell, and why."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from shared.contracts.index_766 import Index766Report
from shared.domain.civil_time import civil_day
from shared.web.clock import now
from shared.web.settings import SettingsMissing
from stats_service.app import create_app
from stats_service.index_766 import rule_file
from tests.stats.october import october
from tests.support import JUSTICE, PROVINCE, WARD, bearer, serving, settings_for

REPORT = "/v1/reports/index-766"
OCTOBER = {"agency": PROVINCE, "period": "2025-10"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(database, issuer) -> AsyncIterator[httpx.AsyncClient]:
    """A ward, a department and the province itself, in October 2025."""
    async with october(database, issuer) as made:
        yield made


async def asked(client: httpx.AsyncClient, **changed: Any) -> dict[str, Any]:
    params = {name: value for name, value in {**OCTOBER, **changed}.items() if value is not None}
    answer = await client.get(REPORT, params=params)
    assert answer.status_code == 200, answer.text
    Index766Report.model_validate_json(answer.content)
    found: dict[str, Any] = answer.json()
    return found


def metric_of(report: dict[str, Any], code: str) -> dict[str, Any]:
    return next(metric for group in report["groups"] for metric in group["metrics"] if metric["code"] == code)


async def test_progress_is_the_national_count(client):
    report = await asked(client)
    assert report["progress"] == {
        "received": 6,
        "on_time": 3,
        "overdue": 3,
        "completed": 4,
        "ratio": "50.00",
        "averages": [{"unit": "working_day", "dossiers": 4, "average": "2.00"}],
    }
    group = next(group for group in report["groups"] if group["code"] == "TDGQ")
    assert (group["score"], group["max"], group["ratio"]) == ("10.00", "20.00", "50.00")
    metric = metric_of(report, "DOSSIER_ON_TIME")
    assert (metric["numerator"], metric["denominator"], metric["score"]) == (3, 6, "10.00")
    assert (metric["unavailable"], metric["confirmed"], metric["rule_version"]) == (None, False, "766/1")


async def test_what_cannot_be_known_is_null_with_its_reason_and_never_zero(client):
    report = await asked(client)
    total = report["total"]
    assert (total["score"], total["ratio"]) == (None, None)
    assert (total["computed"], total["max_computed"], total["max_unavailable"]) == ("10.00", "20.00", "80.00")
    for group in report["groups"]:
        if group["code"] != "TDGQ":
            assert (group["score"], group["computed"]) == (None, None), group["code"]
        for metric in group["metrics"]:
            assert (metric["score"] is None) == (metric["unavailable"] is not None), metric["code"]
            if metric["unavailable"] and metric["unavailable"]["code"] == "no_data":
                assert (metric["numerator"], metric["denominator"], metric["ratio"]) == (None, None, None)
    assert metric_of(report, "DOSSIER_RECEIVING_SATISFACTION")["unavailable"]["code"] == "no_data"


async def test_channels_have_numbers_and_no_score(client):
    metric = metric_of(await asked(client), "ONLINE_CHANNEL")
    assert (metric["numerator"], metric["denominator"], metric["ratio"], metric["score"]) == (2, 5, "40.00", None)
    assert metric["parts"] == {"online": 2, "counter": 2, "post": 1}
    assert metric["unavailable"]["code"] == "formula_unknown"


async def test_procedures_offered_online_are_of_the_units_levels(client):
    province = metric_of(await asked(client), "ONLINE_PROCEDURES")
    ward = metric_of(await asked(client, agency=WARD), "ONLINE_PROCEDURES")
    assert 0 < ward["numerator"] <= ward["denominator"] < province["denominator"]
    assert 0 < province["parts"]["level_not_known"] <= province["denominator"]
    department = metric_of(await asked(client, agency=JUSTICE), "ONLINE_PROCEDURES")
    assert (department["numerator"], department["unavailable"]["code"]) == (None, "no_data")


async def test_the_units_below_add_up_to_the_agency(client):
    report = await asked(client)
    rows = {(row["key"], row["own"]): row for row in report["children"]}
    assert rows[WARD, False]["progress"]["received"] == 4
    assert rows[WARD, False]["channels"] == {"online": 2, "counter": 1, "post": 0}
    assert rows[JUSTICE, False]["total"]["computed"] == "20.00"
    assert rows[PROVINCE, True]["progress"]["overdue"] == 1
    for name in ("received", "on_time", "overdue", "completed"):
        assert sum(row["progress"][name] for row in report["children"]) == report["progress"][name]
    idle = [row for row in report["children"] if not row["progress"]["received"]]
    assert idle
    assert {(row["progress"]["ratio"], row["total"]["computed"]) for row in idle} == {(None, "0.00")}
    assert {group["ratio"] for row in idle for group in row["groups"] if group["code"] == "TDGQ"} == {None}


async def test_units_of_one_level(client):
    everyone = (await asked(client))["children"]
    by_level = {level: (await asked(client, level=level))["children"] for level in ("province", "commune")}
    assert [len(rows) > 1 for rows in by_level.values()] == [True, True]
    assert {row["level"] for row in by_level["commune"]} == {"commune"}
    assert sum(map(len, by_level.values())) == len(everyone)


async def test_a_commune_is_scored_as_one_and_what_is_not_for_it_says_so(client):
    report = await asked(client, agency=WARD)
    assert (report["level"], report["scored_as"], report["children"]) == ("commune", "commune", [])
    for code in ("FULL_ONLINE_DOSSIERS", "CITIZEN_DATA_CONNECTED_DOSSIER"):
        assert metric_of(report, code)["unavailable"]["code"] == "not_applicable"
    assert report["total"]["computed"] == "10.00"  # two of four


async def test_twelve_months_and_null_outside_the_period(client):
    quarter = await asked(client, period=None, **{"from": "2025-09-01", "to": "2025-10-31"})
    months = {each["month"]: each for each in quarter["months"]}
    assert list(months) == [f"2025-{number:02d}" for number in range(1, 13)]
    assert [each["received"] for each in months.values()] == [None] * 8 + [2, 6] + [None] * 2
    october = (await asked(client))["months"][9]
    assert (
        months["2025-10"]
        == october
        == {
            "month": "2025-10",
            "received": 6,
            "on_time_rate": "50.00",
            "overdue_rate": "50.00",
        }
    )
    # At its end: one in term, due on 3/9 after the holiday; one open whose hour of that day is over.
    assert months["2025-09"]["on_time_rate"] == "50.00"


async def test_as_recorded_then(client):
    then = await asked(client, as_of="2025-10-07T08:00:00+07:00")
    assert (then["basis"], then["progress"]["received"], then["progress"]["on_time"]) == ("as_recorded_then", 3, 2)
    assert (await asked(client))["basis"] == "as_known_now"


async def test_the_year_that_runs_is_taken_up_to_today(client):
    report = await asked(client, period=f"{civil_day(now()).year}")
    assert report["period"]["to"] == civil_day(now()).isoformat()


async def test_what_the_numbers_bear_on(client):
    found = (await asked(client))["contributes_to"]
    assert [(each["index"], each["confirmed"]) for each in found] == [("PAR INDEX", False), ("SIPAS", False)]
    assert all(each["source"] and each["text_vi"] for each in found)


async def test_before_the_decision_there_is_a_trial_only(client):
    before = {"agency": "45", "period": None, "from": "2019-01-01", "to": "2019-06-30"}
    answer = await client.get(REPORT, params={name: value for name, value in before.items() if value})
    assert [(reason["field"], reason["code"]) for reason in answer.json()["errors"]] == [("to", "no_rule_version")]
    report = await asked(client, **before, rules="766/1")
    assert (report["rules"]["version"], report["rules"]["in_force"]) == ("766/1", False)
    assert (await asked(client))["rules"]["in_force"]
    assert {row["level"] for row in report["children"]} == {"province", "district"}


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"period": None}, "period", "period_or_days"),
        ({"from": "2025-10-01"}, "period", "period_or_days_only"),
        ({"period": None, "from": "2025-10-01"}, "to", "required"),
        ({"period": None, "to": "2025-10-01"}, "from", "required"),
        ({"period": None, "from": "2025-10-02", "to": "2025-10-01"}, "from", "period_reversed"),
        ({"period": None, "from": "2023-10-01", "to": "2025-10-01"}, "from", "period_too_long"),
        ({"period": None, "from": "2024-10-01", "to": "2025-09-30"}, "from", "period_in_two_years"),
        ({"period": None, "from": "2024-10-02", "to": "2025-10-02"}, "from", "period_in_two_years"),
        ({"period": None, "from": "2024-12-20", "to": "2025-10-20", "cut": "21-20"}, "from", "period_in_two_years"),
        ({"period": "2019-06"}, "agency", "agency_not_in_force"),
        ({"agency": "45", "period": "2019-06"}, "period", "no_rule_version"),
        ({"agency": "45", "period": None, "from": "2019-06-01", "to": "2019-06-30"}, "to", "no_rule_version"),
        ({"period": "1990", "cut": "21-20"}, "period", "period_absurd"),
        ({"period": "2025-13"}, "period", "malformed"),
        ({"period": "2025-Q5"}, "period", "malformed"),
        ({"period": "２０２５"}, "period", "malformed"),
        ({"period": "tháng 10"}, "period", "malformed"),
        ({"period": "1950"}, "period", "period_absurd"),
        ({"period": "2099"}, "period", "period_in_future"),
        ({"agency": "nowhere"}, "agency", "unknown_agency"),
        ({"agency": "45"}, "agency", "agency_not_in_force"),
        ({"level": "district"}, "level", "not_one_of"),
        ({"rules": "766/9"}, "rules", "unknown_rule_version"),
        ({"as_of": "2150-01-01T00:00:00+07:00"}, "as_of", "as_of_in_future"),
        ({"as_of": "2025-10-01"}, "as_of", "without_offset"),
        ({"metric": "x"}, "query", "unknown_parameter"),
    ],
)
async def test_refused_with_field_and_reason(client, changed, field, code):
    params = {name: value for name, value in {**OCTOBER, **changed}.items() if value is not None}
    answer = await client.get(REPORT, params=params)
    assert answer.status_code == 422, answer.text
    assert [(reason["field"], reason["code"]) for reason in answer.json()["errors"]] == [(field, code)]


async def test_a_year_as_its_months_are_cut_is_one_year(client):
    cut = {"period": None, "from": "2024-12-21", "to": "2025-10-20", "cut": "21-20", "rules": "766/1"}
    months = (await asked(client, **cut))["months"]
    assert [month["received"] is not None for month in months] == [True] * 10 + [False] * 2
    whole = {"period": None, "from": "2024-01-01", "to": "2024-12-31", "agency": "45", "rules": "766/1"}
    assert all(month["received"] is not None for month in (await asked(client, **whole))["months"]), "366 days"


async def test_this_month_is_refused_by_its_days_too(client):
    today = civil_day(now())
    params = {"agency": PROVINCE, "from": today.replace(day=1).isoformat(), "to": today.isoformat()}
    answer = await client.get(REPORT, params=params)
    assert [reason["code"] for reason in answer.json()["errors"]] == ["month_not_ended"]
    params["to"] = (today + timedelta(days=1)).isoformat()
    answer = await client.get(REPORT, params=params)
    assert [reason["code"] for reason in answer.json()["errors"]] == ["period_in_future"]


async def test_whoever_may_not_see_an_agency_gets_no_index_of_it(client, issuer):
    answer = await client.get(REPORT, params=OCTOBER, headers=bearer(issuer, "leader", WARD))
    assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")
    answer = await client.get(REPORT, params=OCTOBER, headers=bearer(issuer, "citizen", PROVINCE))
    assert answer.status_code == 403


def the_rules() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(rule_file.__file__).with_name("rule_versions.json").read_text("utf-8"))
    return found


async def test_an_operator_supersedes_a_version_by_a_file(database, issuer, tmp_path):
    """A second version from 2025-10-01 on, with 25 points for progress."""
    told = the_rules()
    new = json.loads(json.dumps(told["versions"][0]))
    told["versions"][0]["valid_to"] = "2025-09-30"
    new["version"], new["valid_from"], new["confirmed"] = "766/2", "2025-10-01", True
    progress = next(group for group in new["groups"] if group["code"] == "TDGQ")
    progress["max"] = progress["metrics"][0]["max"] = "25"
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"versions": [told["versions"][0], new]}), "utf-8")
    async with serving(create_app(settings_for(database, issuer, index_766_file=file))) as client:
        client.headers.update(bearer(issuer, "leader", PROVINCE))
        october, september = await asked(client), await asked(client, period="2025-09")
        assert (october["rules"]["version"], september["rules"]["version"]) == ("766/2", "766/1")
        assert october["rules"]["confirmed"]
        assert (metric_of(october, "DOSSIER_ON_TIME")["score"], october["total"]["max"]) == ("12.50", "105.00")
        assert metric_of(september, "DOSSIER_ON_TIME")["max"] == "20.00"


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda told: told["versions"].clear(), "versions"),
        (lambda told: told["versions"].append(told["versions"][0]), "one name"),
        (lambda told: told["versions"].append({**told["versions"][0], "version": "766/2"}), "hold on one day"),
        (lambda told: told["versions"][0]["groups"][0].update(max="17"), "CKMB: the maxima"),
        (lambda told: told["versions"][0]["groups"][0]["metrics"][0].update(colour="red"), "colour"),
        (lambda told: told["versions"][0]["groups"][0]["metrics"][0].update(reason=None), "needs a reason"),
        (lambda told: told["versions"][0]["groups"][0]["metrics"][0]["rule"].update(threshold="1.5"), "threshold"),
        (lambda told: told["versions"][0]["contributes_to"][0].update(groups=["X"]), "names no group: X"),
        (lambda told: told["versions"][0]["groups"].append(told["versions"][0]["groups"][0]), "stands twice"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_at_the_start(database, issuer, tmp_path, break_it, says):
    told = the_rules()
    break_it(told)
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(told), "utf-8")
    with pytest.raises(SettingsMissing, match=says):
        create_app(settings_for(database, issuer, index_766_file=file))


def test_a_file_that_is_not_there_is_refused_at_the_start(database, issuer, tmp_path):
    with pytest.raises(SettingsMissing, match="MOTCUA_INDEX_766_FILE"):
        create_app(settings_for(database, issuer, index_766_file=tmp_path / "none.json"))
