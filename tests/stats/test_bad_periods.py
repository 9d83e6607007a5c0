"""What cannot be answered is refused with the field and the reason; nothing becomes a 500, nothing is guessed."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import httpx
import pytest
import pytest_asyncio

from shared.domain.civil_time import civil_day
from shared.web.clock import now
from stats_service.app import create_app
from tests.support import PROVINCE, WARD, bearer, serving, settings_for

GOOD = {"agency": "45", "from": "2019-01-01", "to": "2019-06-30"}
REPORT = "/v1/reports/resolution"
LIST = "/v1/reports/resolution/dossiers"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(database, issuer) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(create_app(settings_for(database, issuer))) as made:
        made.headers.update(bearer(issuer, "leader", PROVINCE))
        yield made


def tomorrow() -> str:
    return (civil_day(now()) + timedelta(days=1)).isoformat()


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"from": "2019-07-01"}, "from", "period_reversed"),
        ({"from": "1989-12-31"}, "from", "period_absurd"),
        ({"from": "0001-01-01"}, "from", "out_of_range"),
        ({"to": "2150-12-31"}, "to", "period_absurd"),
        ({"to": "9999-12-31"}, "to", "out_of_range"),
        ({"to": "2100-12-31"}, "to", "period_in_future"),
        ({"from": "2019-02-30"}, "from", "malformed"),
        ({"from": "1546300800"}, "from", "malformed"),
        ({"from": "2019-1-1"}, "from", "malformed"),
        ({"from": "2019-W26-7"}, "from", "malformed"),
        ({"from": "２０１９-01-01"}, "from", "malformed"),
        ({"from": "2019-01-01T00:00:00"}, "from", "malformed"),
        ({"from": ""}, "from", "malformed"),
        ({"to": "30/06/2019"}, "to", "malformed"),
        ({"agency": "nowhere"}, "agency", "unknown_agency"),
        ({"agency": ""}, "agency", "too_short"),
        ({"agency": "x" * 61}, "agency", "too_long"),
        ({"group_by": "colour"}, "group_by", "not_one_of"),
        ({"definition": "by-feeling"}, "definition", "not_one_of"),
        ({"definition": "district-with-communes"}, "definition", "not_one_of"),  # no rates
        ({"format": "exe"}, "format", "not_one_of"),
        ({"limit": "0"}, "limit", "out_of_range"),
        ({"limit": "1001"}, "limit", "out_of_range"),
        ({"limit": "many"}, "limit", "wrong_type"),
        ({"cursor": "not-a-cursor"}, "cursor", "malformed_cursor"),
        ({"cursor": "ư"}, "cursor", "malformed_cursor"),
        ({"as_of": "2019-07-24T08:00:00"}, "as_of", "without_offset"),
        ({"as_of": "2019-07-24"}, "as_of", "without_offset"),
        ({"as_of": "yesterday"}, "as_of", "malformed"),
        ({"as_of": "1563926400"}, "as_of", "malformed"),
        ({"as_of": "2150-01-01T00:00:00+07:00"}, "as_of", "as_of_in_future"),
        ({"as_of": "2999-01-01T00:00:00+07:00"}, "as_of", "out_of_range"),
        ({"as_of": "1989-12-31T00:00:00+07:00"}, "as_of", "period_absurd"),
        ({"as_of": "0001-01-01T00:00:00+07:00"}, "as_of", "out_of_range"),
        ({"as_of": "9999-12-31T23:59:59-12:00"}, "as_of", "out_of_range"),
        ({"groupby": "agency"}, "query", "unknown_parameter"),
        ({"period": "2019"}, "period", "period_or_days_only"),
        ({"from": None, "to": None}, "period", "period_or_days"),
        ({"from": None, "to": None, "period": "2019-Q5"}, "period", "malformed"),
        ({"from": None, "to": None, "period": "2019-13"}, "period", "malformed"),
        ({"from": None, "to": None, "period": ""}, "period", "too_short"),
        ({"from": None, "to": None, "period": "2100"}, "period", "period_in_future"),
        ({"cut": "20-19"}, "cut", "not_one_of"),
        ({"units": "tomorrow"}, "units", "not_one_of"),
        ({"group_by": "agency,colour"}, "group_by", "not_one_of"),
        ({"group_by": "agency,"}, "group_by", "not_one_of"),
        ({"group_by": "none,agency"}, "group_by", "not_one_of"),
        ({"group_by": "agency, month"}, "group_by", "not_one_of"),
        ({"group_by": "x" * 101}, "group_by", "too_long"),
        ({"group_by": "month,month"}, "group_by", "grouping_repeated"),
        ({"group_by": "agency,tree"}, "group_by", "agency_or_tree"),
        ({"group_by": "level,tree"}, "group_by", "tree_is_outermost"),
        ({"group_by": "agency,level"}, "group_by", "grouping_says_nothing"),
        ({"group_by": "procedure,sector"}, "group_by", "grouping_says_nothing"),
        ({"group_by": "officer,agency"}, "group_by", "grouping_the_other_way"),
        ({"group_by": "level,agency,channel,month"}, "group_by", "groupings_too_many"),
    ],
)
async def test_refused_with_field_and_reason(client, changed, field, code):
    asked = {name: value for name, value in {**GOOD, **changed}.items() if value is not None}
    answer = await client.get(REPORT, params=asked)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(reason["field"], reason["code"]) for reason in answer.json()["errors"]] == [(field, code)]


async def test_an_agency_that_was_not_yet_names_who_was_there_before_it(client):
    answer = await client.get(REPORT, params={"agency": "44", "period": "2019-H1"})
    reason = answer.json()["errors"][0]
    assert (reason["field"], reason["code"]) == ("agency", "agency_not_in_force")
    assert reason["reason"].endswith("; đơn vị tiền thân: 45")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"limit": "0"}, "≥ 1"),
        ({"limit": "1001"}, "≤ 1000"),
        ({"as_of": "1900"}, "RFC 3339"),
        ({"as_of": "1900-01-01T00:00:00+07:00"}, "phải trong khoảng 01/01/1990 … 31/12/2100"),
        ({"as_of": "2023-02-29T00:00:00+07:00"}, "một ngày có trong lịch"),
        ({"from": "2023-02-29"}, "một ngày có trong lịch"),
        ({"from": "0001-01-01"}, "01/01/1900 … 31/12/2200"),
        ({"from": "0001"}, "năm-tháng-ngày"),
        ({"from": "1989-12-31"}, "phải trong khoảng 01/01/1990 … 31/12/2100"),
    ],
)
async def test_a_reason_says_what_would_be_right(client, changed, said):
    (error,) = (await client.get(REPORT, params={**GOOD, **changed})).json()["errors"]
    assert said in error["reason"]
    assert "kỳ báo cáo" not in error["reason"], "of an instant, or of a day, that is not to blame"


@pytest.mark.parametrize("form", ["csv", "ndjson"])
async def test_a_page_of_what_has_no_pages_is_refused(client, form):
    listed = {**GOOD, "agency": "45", "figure": "received", "format": form, "cursor": "x"}
    answer = await client.get(f"{REPORT}/dossiers", params=listed)
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [("cursor", "pages_in_json_only")]
    answer = await client.get(REPORT, params={**GOOD, "agency": "45", "format": "csv", "cursor": "x"})
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [("cursor", "pages_in_json_only")]


@pytest.mark.parametrize("missing", ["agency", "from", "to"])
async def test_what_is_needed_is_named(client, missing):
    answer = await client.get(REPORT, params={name: value for name, value in GOOD.items() if name != missing})
    assert answer.json()["errors"] == [{"field": missing, "code": "required", "reason": "bắt buộc phải có"}]


async def test_the_future_is_not_reported_and_today_is(client):
    for changed in ({"to": tomorrow()}, {"from": tomorrow(), "to": tomorrow()}):
        answer = await client.get(REPORT, params={**GOOD, "agency": PROVINCE, **changed})
        assert {reason["code"] for reason in answer.json()["errors"]} == {"period_in_future"}
        assert f"{civil_day(now()):%d/%m/%Y}" in answer.json()["errors"][0]["reason"]
    today = civil_day(now()).isoformat()
    answer = await client.get(REPORT, params={"agency": PROVINCE, "from": today, "to": today})
    assert answer.status_code == 200


async def test_an_agency_that_ended_names_who_stands_in_for_it(client):
    answer = await client.get(REPORT, params={"agency": "45", "from": "2025-01-01", "to": "2025-12-31"})
    reason = answer.json()["errors"][0]
    assert (reason["field"], reason["code"]) == ("agency", "agency_not_in_force")
    assert reason["reason"].endswith("đơn vị kế thừa: 44")
    # A code that one cannot see does not tell that it once existed; what it succeeded, it sees.
    answer = await client.get(REPORT, params={**GOOD, "agency": "45"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"figure": "on_time_rate"}, "figure", "not_one_of"),
        ({"figure": ""}, "figure", "not_one_of"),
        ({"figure": None}, "figure", "required"),
        ({"scope": "all"}, "scope", "not_one_of"),
        ({"unit": "nowhere"}, "unit", "unknown_agency"),
        ({"level": "village"}, "level", "not_one_of"),
        ({"sector": "\u3164\u0301"}, "sector", "no_letter"),
        ({"sector": "Hộ Tich"}, "sector", "unknown_sector"),
        ({"channel": "fax"}, "channel", "not_one_of"),
        ({"procedure": "9.999999"}, "procedure", "unknown_procedure"),
        ({"cursor": "AAAA"}, "cursor", "malformed_cursor"),
        ({"month": "2019-07"}, "month", "month_not_within"),
        ({"month": "March"}, "month", "month_not_within"),
        ({"officer": ""}, "officer", "too_short"),
        ({"format": "xml"}, "format", "not_one_of"),
        ({"from": None, "to": None, "period": "2019-13"}, "period", "malformed"),
        ({"group_by": "agency"}, "query", "unknown_parameter"),
        ({"from": "2019-07-01"}, "from", "period_reversed"),
    ],
)
async def test_lists_refuse_alike(client, changed, field, code):
    asked = {name: value for name, value in {**GOOD, "figure": "pending", **changed}.items() if value is not None}
    answer = await client.get(LIST, params=asked)
    assert answer.status_code == 422, answer.text
    assert [(reason["field"], reason["code"]) for reason in answer.json()["errors"]] == [(field, code)]


@pytest.mark.parametrize("form", ["ods", "xls", "ndjson", ""])
async def test_a_form_that_no_report_has_is_refused(client, form):
    answer = await client.get(REPORT, params={**GOOD, "format": form})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "not_one_of")


async def test_a_plus_that_arrived_as_a_space_is_a_plus(client):
    answer = await client.get(f"{REPORT}?agency=45&from=2019-01-01&to=2019-06-30&as_of=2020-01-01T08:00:00+07:00")
    assert answer.json()["as_of"] == "2020-01-01T08:00:00+07:00"


@pytest.mark.parametrize(
    ("agency", "last", "when"),
    [
        (
            "468",
            "2025-12-31",
            "; hoạt động đến ngày 30/06/2025, không có đơn vị kế thừa",
        ),  # a district: nobody took over
        ("19742", "2019-12-31", None),
    ],
)
async def test_an_agency_that_nobody_succeeded_says_when_it_was_there(client, agency, last, when):
    answer = await client.get(REPORT, params={"agency": agency, "from": "2019-01-01", "to": last})
    reason = answer.json()["errors"][0]
    assert (reason["field"], reason["code"]) == ("agency", "agency_not_in_force")
    assert when is None or reason["reason"].endswith(when)
    assert reason["reason"] != f"cơ quan không hoạt động ngày {last}", "what is one to ask for instead?"


@pytest.mark.parametrize(
    ("path", "field", "code", "where"),
    [
        ("/v1/reports/editions/999999", "edition_id", "unknown_edition", "/v1/reports/editions"),
        ("/v1/reports/editions/999999/content", "edition_id", "unknown_edition", "/v1/reports/editions"),
        ("/v1/reports/official-tables/forms/ii-06z", "form", "unknown_form", "ii-06a"),
    ],
)
async def test_what_is_not_found_says_where_to_look(client, path, field, code, where):
    answer = await client.get(path)
    assert answer.status_code == 404
    (reason,) = answer.json()["errors"]
    assert (reason["field"], reason["code"], where in reason["reason"]) == (field, code, True)


async def test_only_staff_and_only_their_own_part_of_the_tree(client, issuer):
    today = date(2026, 3, 31).isoformat()
    asked = {"agency": PROVINCE, "from": "2026-01-01", "to": today}
    ward = bearer(issuer, "leader", WARD)
    for path, more in ((REPORT, {}), (LIST, {"figure": "pending"})):
        answer = await client.get(path, params={**asked, **more}, headers={"Authorization": ""})
        assert answer.status_code == 401
        answer = await client.get(path, params={**asked, **more}, headers=bearer(issuer, "citizen", PROVINCE))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        answer = await client.get(path, params={**asked, **more}, headers=ward)
        assert (answer.status_code, answer.json()["code"]) == (403, "agency_out_of_scope")
        answer = await client.get(path, params={**asked, **more, "agency": WARD}, headers=ward)
        assert answer.status_code == 200


async def test_definitions_are_public(client):
    assert (await client.get("/v1/definitions", headers={"Authorization": ""})).status_code == 200
