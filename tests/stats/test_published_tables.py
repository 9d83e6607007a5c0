"""Published tables, made again from dossiers: what provinces and papers have printed, figure by figure and percentage
by percentage, by the definition that each of them used. A quarter of a million dossiers carry the printed marginals;
what no dossiers can carry is shown to be so.
"""

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
import pytest_asyncio

from services.local_issuer import LocalIssuer
from shared.contracts.definitions import DEFINITION_IDS
from shared.domain.agencies import Level
from shared.domain.lifecycle import Channel
from shared.reference.store import read_reference
from stats_service.app import create_app
from stats_service.figures.rules import rate, summed
from stats_service.on_time.rules import BY_ID
from stats_service.printed_tables.rules import Breach, breaches, decimals_of
from tests.builders_log import fold_all
from tests.conftest import Database
from tests.stats.marginals import Kind, Place, importing, land
from tests.support import PROVINCE, REGISTER_COPY, bearer, serving, settings_for

TABLES: dict[str, Any] = {
    table["id"]: table
    for table in json.loads(
        (Path(__file__).parent / "published_tables.json").read_text(encoding="utf-8"), parse_float=Decimal
    )["tables"]
}
#: The index of Decision 766: what it scores beside on-time is not of these definitions.
INDEX_766 = {"qd766_phutho_payment_2026m08", "qd766_phutho_transparency_2026m08"}


@dataclass(frozen=True)
class Row:
    """A row of a table, the dossiers that carry it, and what each of its printed columns is: a sum of figures;
    `definition:rate`; or `k:` and a sum, in thousands. aside: columns that are neither, and why not."""

    table: str
    row: int
    place: Place
    columns: Mapping[str, str]
    dossiers: tuple[Kind, ...] = ()
    aside: Mapping[str, str] = field(default_factory=dict)
    key: str | None = None

    @property
    def printed(self) -> dict[str, Any]:
        """What the paper says."""
        row: dict[str, Any] = TABLES[self.table]["rows"][self.row]
        return row


def _at(agency: str, first: str, last: str, procedure: str = REGISTER_COPY) -> Place:
    return Place(agency, procedure, date.fromisoformat(first), date.fromisoformat(last))


# Units of Quảng Trị stand in for those of other provinces: one for each table, so that none counts in another.
LETTER = _at("QT19-D01", "2019-01-01", "2019-06-30")
LAM_DONG = _at("QT19-D02", "2019-10-01", "2019-10-31")
LAM_DONG_DISTRICTS = _at("464", "2019-10-01", "2019-10-31")
SEPTEMBER = _at("QT19-D03", "2021-08-21", "2021-09-20")  # the month from the 21st to the 20th
THIRD_QUARTER = _at("QT19-D04", "2021-06-21", "2021-09-20")
AUGUST = _at("QT19-D05", "2021-07-21", "2021-08-20")
BEN_TRE = _at("QT19-D06", "2020-10-01", "2020-10-31")
YEAR_2018 = _at("461", "2018-01-02", "2018-05-03")
WEEK_2018 = _at("461", "2018-04-27", "2018-05-03")  # Friday to Thursday
YEAR_2017 = _at("QT19-D07", "2017-01-09", "2017-06-08")
WEEK_2017 = _at("QT19-D07", "2017-06-02", "2017-06-08")
LAND = _at("QT19-D10", "2019-07-01", "2019-07-31")

_THREE_SHARES = {
    "to_handle": "to_handle",
    "received_new": "received",
    "carried_over_derived": "carried_over",
    "resolved": "resolved",
    "before": "resolved_early",
    "before_pct": "three-shares:early",
    "on": "resolved_on_day",
    "on_pct": "three-shares:on_day",
    "late": "resolved_late",
    "late_pct": "three-shares:late",
}
_DUE = {
    "received_new": "received",
    "due_in_period": "due_in_period",
    "on_or_before": "due_on_time",
    "on_pct": "due-in-period:on_time",
    "returned_or_withdrawn": "due_otherwise",
    "returned_pct": "due-in-period:otherwise",
}
_DUE_OF_CENTRE = {
    **_DUE,
    "carried_over": "carried_over",
    "to_handle": "to_handle",
    "late_or_overdue": "due_late + due_overdue",
    "late_pct": "due-in-period:late",
}
#: Columns of the sheet by procedure; its three buckets of what is open: chưa đến hạn, đến hạn, quá hạn.
_SHEET = {
    "to_handle": "to_handle",
    "carried_over": "carried_over",
    "received_new": "received",
    "resolved": "resolved",
    "before": "resolved_early",
    "on": "resolved_on_day",
    "late": "resolved_late",
    "in_progress": "pending",
    "not_yet_due": "pending_in_term - pending_due_now",
    "due_now": "pending_due_now",
    "overdue": "pending_overdue",
}
#: Who in Quảng Nam received how many in the week, of them online; the three last share what no name stands for.
COMMUNES = ("19330", "19333", "19336", "19339", "19342", "19345", "19348", "19351", "19354")
WEEK_BY_AGENCY = {
    "Công an": (420, 0),
    "Sở GT-VT": (107, 0),
    "Sở LĐ-TB&XH": (99, 0),
    "Sở Tư pháp": (108, 0),
    "Sở Công Thương": (103, 8),
    "Sở KH&ĐT": (72, 17),
    "Sở GD-ĐT": (1, 1),
    "Sở TN&MT": (161, 18),
    "Sở Ngoại vụ": (2, 2),
}


def _of_week_2018() -> Iterable[Kind]:
    """The year until the week, at the unit itself; in the week it resolves some of what it has."""
    open_before = YEAR_2018.last + 40 * timedelta(days=1)
    first, week = YEAR_2018.first, WEEK_2018.first
    day = timedelta(days=1)
    yield Kind(20280 - 1014, "461", REGISTER_COPY, first, first + 7 * day, first + 6 * day)
    yield Kind(1006, "461", REGISTER_COPY, first, week + 2 * day, week + 1 * day)
    yield Kind(8, "461", REGISTER_COPY, first, week + 1 * day, week + 2 * day)
    yield Kind(22229 - 1073 - 20280, "461", REGISTER_COPY, first, open_before)
    for unit, (received, online) in zip(COMMUNES, WEEK_BY_AGENCY.values(), strict=True):
        place = Place(unit, REGISTER_COPY, WEEK_2018.first, WEEK_2018.last)
        yield from place.kinds(counter=received - online, online=online, in_term=received)


def _of_2017() -> Iterable[Kind]:
    day, first, week = timedelta(days=1), YEAR_2017.first, WEEK_2017.first
    yield Kind(16251 - 789, "QT19-D07", REGISTER_COPY, first, first + 7 * day, first + 6 * day)
    yield Kind(785, "QT19-D07", REGISTER_COPY, first, week + 2 * day, week + 1 * day)
    yield Kind(4, "QT19-D07", REGISTER_COPY, first, week + 1 * day, week + 2 * day)
    yield Kind(18285 - 994 - 16251, "QT19-D07", REGISTER_COPY, first, YEAR_2017.last + 40 * day)
    yield from WEEK_2017.kinds(counter=994, in_term=994)


def _of_districts() -> Iterable[Kind]:
    """The district and two communes of it: what is printed as theirs together."""
    yield from LAM_DONG_DISTRICTS.kinds(
        carried=3209, counter=9000, early=8000, on_day=1000, late=300, overdue=400, in_term=2509
    )
    for commune, parts in (("19363", (4000, 2000, 200, 800)), ("19366", (1767, 254, 134, 322))):
        early, on_day, late, in_term = parts
        place = Place(commune, REGISTER_COPY, LAM_DONG_DISTRICTS.first, LAM_DONG_DISTRICTS.last)
        yield from place.kinds(counter=sum(parts), early=early, on_day=on_day, late=late, in_term=in_term)


ROWS = (
    Row(
        "quangtri_2019h1",
        0,
        LETTER,
        {
            "to_handle": "to_handle",
            "carried_over": "carried_over",
            "received_new_derived": "received",
            "resolved": "resolved",
            "resolved_on_time": "resolved_on_time",
            "resolved_late": "resolved_late",
            "on_time_pct": "resolved:on_time",
            "late_pct": "resolved:late",
            "in_progress_derived": "pending",
        },
        tuple(
            LETTER.kinds(
                carried=4098, counter=132_485, late=3205, early=70_000, on_day=55_638, overdue=1_000, in_term=6_740
            )
        ),
    ),
    Row(
        "lamdong_2019m10",
        0,
        LAM_DONG,
        _THREE_SHARES,
        tuple(
            LAM_DONG.kinds(carried=3320, counter=16_041, late=154, early=13_529, on_day=1958, overdue=20, in_term=3700)
        ),
    ),
    Row(
        "vinhphuc_2021m09_q3",
        0,
        SEPTEMBER,
        {**_DUE_OF_CENTRE, "online": "received_online"},
        tuple(
            SEPTEMBER.kinds(
                carried=2171, online=1598, counter=2533, withdrawn=90, late=12, early=3067, on_day=1000, in_term=2133
            )
        ),
        {
            "online_level3": "levels of online services (2009 to 2022); this system knows partial and full",
            "online_level4": "the same",
        },
    ),
    Row(
        "vinhphuc_2021m09_q3",
        1,
        THIRD_QUARTER,
        _DUE_OF_CENTRE,
        tuple(
            THIRD_QUARTER.kinds(
                carried=2191, counter=14_043, withdrawn=461, late=30, overdue=7, early=12_603, on_day=1000, in_term=2133
            )
        ),
    ),
    Row(
        "vinhphuc_2021m08_dist",
        0,
        AUGUST,
        {**_DUE, "overdue_unresolved": "due_overdue", "overdue_pct": "due-in-period:late"},
        tuple(AUGUST.kinds(carried=314, counter=19_630, withdrawn=16, early=15_000, on_day=4239, overdue=689)),
        {"worst_district": "of a district; its figures are not printed", "best_district": "the same"},
    ),
    Row(
        "bentre_2020m10",
        0,
        BEN_TRE,
        {
            "received_k": "k:received",
            "direct_k": "k:received_counter",
            "resolved_k": "k:resolved",
            "completion_pct": "completion:completion",
            "on_or_before_k": "k:resolved_on_time",
            "on_pct": "resolved:on_time",
            "late": "resolved_late",
            "late_pct": "resolved:late",
        },
        tuple(BEN_TRE.kinds(counter=7700, online=1980, post=500, late=17, early=8000, on_day=963, in_term=1200)),
    ),
    Row(
        "quangnam_2018w18",
        0,
        WEEK_2018,
        {
            "received": "received",
            "resolved": "resolved",
            "on_or_before": "resolved_on_time",
            "on_pct": "resolved:on_time",
            "online_received": "received_online",
        },
        tuple(_of_week_2018()),
        {
            "online_by_agency": "test_received_by_agency",
            "received_by_agency": "test_received_by_agency",
        },
    ),
    Row(
        "quangnam_2018w18",
        1,
        YEAR_2018,
        {"ytd_received": "received", "ytd_resolved": "resolved"},
        aside={"ytd_from": "the first day"},
    ),
    Row(
        "quangnam_2017",
        0,
        YEAR_2017,
        {"received": "received", "resolved": "resolved"},
        tuple(_of_2017()),
        dict.fromkeys(("week_received", "week_resolved", "week_late"), "the row of the week"),
    ),
    Row(
        "quangnam_2017",
        0,
        WEEK_2017,
        {"week_received": "received", "week_resolved": "resolved", "week_late": "resolved_late"},
        aside=dict.fromkeys(("received", "resolved"), "the row of the half-year"),
    ),
)
#: Procedures of the provincial level that stand in for those of the sheet, by its numbers.
SHEET = {"1.1": 0, "1.10": 1, "1.11": 2, "1.12": 3, "1.13": 4}


@dataclass
class Printed:
    """The service over all these dossiers."""

    client: httpx.AsyncClient
    procedures: list[str]

    async def report(self, place: Place, definition: str, **more: str) -> dict[str, Any]:
        """The resolution report of a table's unit and days."""
        asked = {"agency": place.agency, "from": str(place.first), "to": str(place.last), "definition": definition}
        answer = await self.client.get("/v1/reports/resolution", params={**asked, **more})
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    async def by_definition(self, place: Place, **more: str) -> dict[str, dict[str, Any]]:
        """The total by every definition."""
        return {one: (await self.report(place, one, **more))["total"] for one in DEFINITION_IDS}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def printed(database: Database, issuer: LocalIssuer) -> AsyncIterator[Printed]:
    owner = await asyncpg.connect(database.owner_url)
    # Of 2016 and 2017 no calendar comes with the product; here every date is given, so that no day off matters.
    await owner.execute("INSERT INTO calendar_year VALUES (2016), (2017)")
    reference = await read_reference(owner)
    procedures = sorted(
        version.code for version in reference.versions.values() if version.code != REGISTER_COPY and _stands_in(version)
    )[: len(SHEET)]
    kinds = [kind for row in ROWS for kind in row.dossiers] + list(_of_districts())
    for row in TABLES["land_per_procedure"]["rows"]:
        place = Place(LAND.agency, procedures[SHEET[row["no"]]], LAND.first, LAND.last)
        kinds += place.kinds(carried=row["carried_over"], overdue=row["overdue"], in_term=row["not_yet_due"])
    async with importing(database, issuer) as intake:
        landed = await land(owner, intake, kinds)
    assert landed == sum(kind.count for kind in kinds) > 200_000
    stats = await asyncpg.connect(database.url("motcua_stats"), server_settings={"jit": "off"})
    await fold_all(stats)
    async with serving(create_app(settings_for(database, issuer))) as client:
        client.headers.update(bearer(issuer, "leader", PROVINCE))
        client.timeout = httpx.Timeout(60)
        yield Printed(client, procedures)
    await stats.close()
    await owner.close()


def _stands_in(version: Any) -> bool:
    return (
        version.offered_at(Level.PROVINCE, LAND.first)
        and Channel.COUNTER in version.terms
        and version.in_force(LAND.first)
    )


def figures_of(total: Mapping[str, Any]) -> dict[str, int]:
    """The standing figures of a row, and those that the definition added."""
    counts: dict[str, int] = total["counts"]
    return {name: value for name, value in total.items() if isinstance(value, int)} | counts


def differences(columns: Mapping[str, str], printed: Mapping[str, Any], by: Mapping[str, Any]) -> list[str]:
    """The columns that the report does not have as they were printed. by: definition → the row by it."""
    figures: dict[str, int] = {}
    for row in by.values():
        figures |= figures_of(row)
    wrong = []
    for column, what in columns.items():
        paper, kind = printed[column], what.partition(":")[0]
        if ":" not in what:
            ours: Any = summed(what, figures)
        elif kind == "k":
            digits = decimals_of(Decimal(paper))
            exact = Decimal(summed(what.removeprefix("k:"), figures)) / 1000
            ours = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        else:
            ours = _as_printed(by[kind]["rates"][what.partition(":")[2]], kind, what.partition(":")[2], Decimal(paper))
        if ours != paper:
            wrong.append(f"{column}: printed {paper}, ours {ours}")
    return wrong


def _as_printed(made: Mapping[str, Any], definition: str, name: str, paper: Decimal) -> Decimal:
    """A rate with as many decimals as were printed; with its own, it is the very value of the report."""
    digits = decimals_of(paper)
    (own,) = (each.decimals for each in BY_ID[definition].rates if each.name == name)
    value = made["value"] if digits == own else rate(made["numerator"], made["denominator"], digits)
    return Decimal(str(value))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.table}-{row.place.first}")
async def test_a_consistent_table_is_reproduced(printed, row):
    assert set(row.printed) == {*row.columns, *row.aside} | (set(row.printed) & {"unit", "period"}), "nothing left out"
    assert differences(row.columns, row.printed, await printed.by_definition(row.place)) == []


async def test_received_by_agency(printed):
    """Quảng Nam prints who received how many in the week, and how many of them online."""
    paper = TABLES["quangnam_2018w18"]["rows"][0]
    report = await printed.report(WEEK_2018, "resolved", group_by="agency")
    rows = {row["key"]: row for row in report["rows"]}
    for name, unit in zip(WEEK_BY_AGENCY, COMMUNES, strict=True):
        if name in paper["received_by_agency"]:
            assert rows[unit]["received"] == paper["received_by_agency"][name], name
        assert rows[unit]["received_online"] == paper["online_by_agency"].get(name, 0), name
    assert sum(paper["online_by_agency"].values()) == report["total"]["received_online"] == paper["online_received"]


async def test_the_sheet_by_procedure(printed):
    """Rows of a sheet are rows of group_by=procedure; its rows of zeros are those that a report leaves out."""
    report = await printed.report(LAND, "gia-lai-monthly", group_by="procedure")
    rows = {row["key"]: row for row in report["rows"]}
    shown = 0
    for paper in TABLES["land_per_procedure"]["rows"]:
        assert set(paper) == {"no", *_SHEET}
        row = rows.get(printed.procedures[SHEET[paper["no"]]])
        if row is None:
            assert {paper[column] for column in _SHEET} == {0}
            continue
        shown += 1
        assert differences(_SHEET, paper, {"gia-lai-monthly": row}) == []
    assert shown == len(rows) == 4


async def test_lam_dong_s_districts_cannot_have_resolved_what_is_printed(printed):
    """Districts with their communes, October 2019: early + on the day + late is 17,655, printed are 17,651."""
    paper = TABLES["lamdong_2019m10"]["rows"][1]
    by = await printed.by_definition(LAM_DONG_DISTRICTS)
    assert differences(_THREE_SHARES, paper, by) == ["resolved: printed 17651, ours 17655"]
    assert checked("lamdong_2019m10", 1) == [
        Breach("resolved = resolved_early + resolved_on_day + resolved_late", Decimal(17_651), Decimal(17_655))
    ]
    assert [breach.difference for breach in checked("lamdong_2019m10", 1)] == [-4]


async def test_a_district_with_its_communes_is_a_row_of_the_tree(printed):
    """The roll-up of Gia Lai and Lâm Đồng: one row for a district and all under it, its own figures within."""
    report = await printed.report(LAM_DONG_DISTRICTS, "three-shares", group_by="tree")
    district = report["rows"][0]
    assert district["key"] == "464"
    assert (district["resolved"], district["own"]["resolved"]) == (17_655, 9_300)
    assert sum(row["resolved"] for row in report["rows"][1:]) == 17_655 - 9_300
    assert district["rates"] == report["total"]["rates"]


def checked(table: str, row: int) -> list[Breach]:
    """What a printed row breaks by itself, without any dossier."""
    paper = TABLES[table]["rows"][row]
    columns = next((each.columns for each in ROWS if (each.table, each.row) == (table, row)), _THREE_SHARES)
    figures = {what: paper[column] for column, what in columns.items() if what.isidentifier()}
    rates = {
        (what.partition(":")[0], what.partition(":")[2]): Decimal(paper[column])
        for column, what in columns.items()
        if ":" in what and not what.startswith("k:")
    }
    also = [("due_in_period", "due_on_time + late_or_overdue")] if "late_or_overdue" in paper else []
    return breaches({"resolved_without_term": 0, **figures, **_late(paper)}, rates, also=also)


def _late(paper: Mapping[str, Any]) -> dict[str, int]:
    """Vĩnh Phúc prints late and overdue as one figure, or the overdue alone."""
    if "late_or_overdue" in paper:
        late = paper["late_or_overdue"]
        return {"late_or_overdue": late, "due_late": late, "due_overdue": 0, "due_in_term": 0}
    return {"due_late": 0, "due_in_term": 0} if "overdue_unresolved" in paper else {}


@pytest.mark.parametrize(("table", "row"), [(table, n) for table in TABLES for n in range(len(TABLES[table]["rows"]))])
def test_what_is_said_to_be_consistent_is(table, row):
    """And the one that is not is the one whose parts miss its sum."""
    if table.startswith("qd766") or table == "land_per_procedure":
        return
    assert bool(checked(table, row)) == ((table, row) == ("lamdong_2019m10", 1))


def test_the_766_online_table_judges_every_online_dossier():
    """On time and overdue make up the online dossiers: nobody is left out, as in the reports' national figures. The
    other tables of that index score what is no matter of dates."""
    (paper,) = TABLES["qd766_phutho_online_2026m08"]["rows"]
    columns = {"online": "channelOnlineSum", "direct": "channelDirectSum", "post": "channelPostalSum"}
    channels = {name: paper[column] for name, column in columns.items()}
    assert breaches({"all": paper["channelTotalSum"], **channels}, also=[("all", "online + direct + post")]) == []
    judged = {
        "to_handle": paper["channelOnlineSum"],
        "national_on_time": paper["onlineOnTimeSum"],
        "national_overdue": paper["onlineOverdueSum"],
    }
    assert breaches(judged) == []
    assert breaches({**judged, "national_overdue": judged["national_overdue"] + 1})[0].difference == -1
    assert set(TABLES) == {row.table for row in ROWS} | INDEX_766 | {
        "land_per_procedure",
        "qd766_phutho_online_2026m08",
    }


@pytest.mark.parametrize(
    ("figures", "rates", "found"),
    [
        ({"resolved": 3, "resolved_on_time": 2, "resolved_late": 1}, {("resolved", "late"): "33.33"}, []),
        ({"resolved": 3, "resolved_late": 1}, {("resolved", "late"): "33.3"}, []),
        ({"resolved": 3, "resolved_late": 1}, {("resolved", "late"): "33.34"}, [Decimal("0.01")]),
        ({"resolved": 0, "resolved_late": 0}, {("resolved", "late"): "100"}, [None]),  # nothing is no 100 %
        ({"to_handle": 5, "carried_over": 1, "received": 3}, {}, [1]),
        ({"to_handle": 5, "carried_over": 1}, {}, []),  # what is not printed is not checked
    ],
)
def test_the_checker_says_by_how_much(figures, rates, found):
    broken = breaches(figures, {name: Decimal(printed) for name, printed in rates.items()})
    assert [breach.difference for breach in broken] == found
