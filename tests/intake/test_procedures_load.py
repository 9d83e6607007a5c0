"""The catalogue is loaded once; what each channel's term is made of; which levels handle a procedure."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import asyncpg
import pytest

from intake_service.procedures.rules import NO_TERM, BrokenProcedures, PublishedLine, offers_of, terms_of
from intake_service.procedures.usecases import load_procedures
from services import reference
from shared.domain.agencies import Level
from shared.domain.lifecycle import Channel
from shared.domain.terms import Term, TermUnit

CATALOGUE = reference.procedures()
BY_CODE = {row.code: row for row in CATALOGUE}
TABLES = ("procedure", "procedure_version", "procedure_offer", "procedure_term")


def days(value: int) -> Term:
    return Term(Decimal(value), TermUnit.WORKING_DAY)


def line(limit: Term | None, verbatim: str = "", channel: Channel = Channel.COUNTER) -> PublishedLine:
    return PublishedLine(channel, limit, verbatim)


@pytest.fixture
async def intake(fresh_database):
    connection = await asyncpg.connect(fresh_database.url("motcua_intake"))
    yield connection
    await connection.close()


async def everything(connection):
    return [await connection.fetch(f"SELECT xmin::text, * FROM {table} ORDER BY 2, 3, 4") for table in TABLES]


def test_the_whole_catalogue_is_read():
    assert len(CATALOGUE) == 2968
    assert sum(row.scope == "H17" for row in CATALOGUE) == 119
    assert all(row.terms for row in CATALOGUE)
    assert all(row.valid_from is None and "stands in" in row.basis for row in CATALOGUE)


def test_another_province_s_own_procedures_are_known_but_offered_by_nobody():
    assert all(not row.offers for row in CATALOGUE if row.scope != "national")


def test_birth_registration_is_due_the_same_day_with_the_cutoff():
    birth = BY_CODE["1.001193"]
    assert birth.term(Channel.COUNTER) == Term(Decimal(0), TermUnit.SAME_DAY, time(15, 0))
    assert birth.terms[0].verbatim == "1"  # as printed: a number whose unit is lost


def test_a_number_without_a_unit_stays_as_printed_and_is_no_term():
    (counter, *_) = BY_CODE["1.000080"].terms
    assert (counter.term, counter.verbatim) == (NO_TERM, "7")


def test_a_channel_s_own_limit_wins_over_the_general_one():
    rows = terms_of([Channel.COUNTER, Channel.ONLINE], days(10), [line(days(7), channel=Channel.ONLINE)])
    assert {row.channel: row.value for row in rows} == {Channel.COUNTER: 10, Channel.ONLINE: 7}


def test_of_several_limits_the_longest_holds_when_nobody_names_a_case():
    hour = Term(Decimal(1), TermUnit.WORKING_HOUR)
    rows = terms_of([], None, [line(days(2)), line(days(7)), line(hour), line(days(2))])
    assert [(row.case_no, row.term) for row in rows] == [(1, days(7)), (2, days(2)), (3, hour)]


def test_three_days_of_work_are_longer_than_three_days():
    calendar = Term(Decimal(3), TermUnit.CALENDAR_DAY)
    assert terms_of([], None, [line(calendar), line(days(3))])[0].term == days(3)


def test_a_line_without_information_is_no_case_and_a_bare_number_is_one():
    rows = terms_of([], None, [line(None, "Không có thông tin"), line(days(29)), line(None, "48")])
    assert [(row.unit, row.verbatim) for row in rows] == [(TermUnit.WORKING_DAY, ""), (TermUnit.NONE, "48")]


def test_an_offered_channel_without_a_known_limit_has_no_term():
    (row,) = terms_of([Channel.POST], None, [])
    assert (row.channel, row.case_no, row.term, row.verbatim) == (Channel.POST, 1, NO_TERM, None)


def test_where_the_catalogue_names_no_channel_there_are_the_counter_and_the_post():
    without = [row for row in reference.lines_of("procedures.csv") if not row["submit_channels"]]
    assert without
    for published in without:
        channels = {row.channel for row in BY_CODE[published["code"]].terms}
        assert channels == {Channel.COUNTER, Channel.POST}


def test_districts_handled_until_their_end_what_communes_handle():
    offers = {offer.level: offer for offer in offers_of([Level.COMMUNE, Level.PROVINCE], national=True)}
    assert offers[Level.COMMUNE].valid_to is None
    assert offers[Level.DISTRICT].valid_to == date(2025, 6, 30)
    assert offers[Level.DISTRICT].basis.startswith("assumed")
    (published,) = offers_of([Level.DISTRICT], national=True)
    assert published.valid_to == date(2025, 6, 30)
    assert not published.basis.startswith("assumed")


async def test_loading_twice_changes_nothing(intake):
    before = await everything(intake)
    revision = await intake.fetchval("SELECT revision FROM intake_revision")
    assert not (await load_procedures(intake, CATALOGUE)).anything
    assert await everything(intake) == before
    assert await intake.fetchval("SELECT revision FROM intake_revision") == revision


async def test_every_version_has_its_terms_and_levels(intake):
    counts = [len(CATALOGUE), len(CATALOGUE)]
    counts += [sum(len(row.offers) for row in CATALOGUE), sum(len(row.terms) for row in CATALOGUE)]
    assert [await intake.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES] == counts


async def test_what_changed_is_updated_and_the_readers_told(intake):
    revision = await intake.fetchval("SELECT revision FROM intake_revision")
    birth = BY_CODE["1.001193"]
    renamed = replace(
        birth, name="Đăng ký khai sinh", terms=(replace(birth.terms[0], cutoff=time(14, 0)), *birth.terms[1:])
    )
    loaded = await load_procedures(intake, [renamed if row is birth else row for row in CATALOGUE])
    assert (loaded.added, loaded.changed, loaded.offers, loaded.terms) == (0, 1, 0, 1)
    found = await intake.fetchval("SELECT name_search FROM procedure_version WHERE name = 'Đăng ký khai sinh'")
    assert found == "dang ky khai sinh"
    assert await intake.fetchval("SELECT revision FROM intake_revision") == revision + 1


async def test_a_new_version_is_added_beside_the_old(intake):
    birth = BY_CODE["1.001193"]
    loaded = await load_procedures(intake, [replace(birth, valid_from=date(2027, 1, 1))])
    assert (loaded.added, loaded.changed) == (1, 0)
    assert loaded.terms == len(birth.terms)


async def test_a_procedure_listed_twice_is_refused(intake):
    with pytest.raises(BrokenProcedures, match=r"1\.001193"):
        await load_procedures(intake, [BY_CODE["1.001193"]] * 2)
