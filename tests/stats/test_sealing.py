"""What may be sealed, by whom, once; and who reads the list of it."""

import asyncio
import json
from dataclasses import replace

from shared.web import clock
from tests.builders_log import DAY, write
from tests.stats.editions import EDITIONS, A, a_report, a_room, content, demand_the_same, refusal, sealed
from tests.stats.scenes import OLD_PROVINCE
from tests.support import PROVINCE, WARD, bearer


async def test_what_is_not_sealed(database, issuer):
    async with a_room(database, issuer, seed=16, dossiers=20) as scene:
        await write(scene.owner, scene.histories)
        client = scene.client
        for body, field, code in (
            (a_report(agency="999"), "parameters.agency", "unknown_agency"),
            (a_report(agency="44", **{"to": "2019-12-31"}), "parameters.agency", None),
            (a_report(**{"from": "2020-04-01", "to": "2020-03-01"}), "parameters.from", "period_reversed"),
            (a_report(**{"to": (clock.now().date() + 2 * DAY).isoformat()}), "parameters.to", "period_in_future"),
            (a_report(**{"from": None}), "parameters.from", "required"),
            (a_report(period="2019-H3", **{"from": None, "to": None}), "parameters.period", "malformed"),
            (a_report(group_by="colour"), "parameters.group_by", "not_one_of"),
            (a_report(group_by="agency,agency"), "parameters.group_by", "grouping_repeated"),
            (a_report(group_by="officer"), "parameters.group_by", "not_sealable_by_officer"),
            (a_report(group_by="agency,officer"), "parameters.group_by", "not_sealable_by_officer"),
            (a_report(units="today"), "parameters.units", "not_one_of"),
            (a_report(first="2019-06-01"), "parameters.first", "unknown_field"),
            (a_report(last="2019-06-30"), "parameters.last", "unknown_field"),
            (a_report(as_of="2020-01-01T00:00:00+07:00"), "parameters.as_of", "unknown_field"),
            ({**a_report(), "report": "usage"}, "report", "not_one_of"),
            ({**a_report(), "corrects": 10**9, "reason": "Sai"}, "corrects", "unknown_edition"),
            ({**a_report(), "corrects": 0, "reason": "Sai"}, "corrects", "out_of_range"),
            ({**a_report(), "corrects": "1", "reason": "Sai"}, "corrects", "wrong_type"),
            ({**a_report(), "corrects": 1}, "reason", "required"),
            ({**a_report(), "corrects": 1, "reason": "…"}, "reason", "no_letter"),
            ({**a_report(), "reason": "Sai"}, "reason", "only_with_correction"),
            ({**a_report(), "note": "x" * 1001}, "note", "too_long"),
            ({**a_report(), "seal": True}, "seal", "unknown_field"),
            ({"report": "resolution"}, "parameters", "required"),
        ):
            status, problem, reasons = await refusal(client, body)
            if code is None:
                assert (status, problem) in {(422, "invalid_request"), (403, "agency_out_of_scope")}
                continue
            assert (status, problem) == (422, "invalid_request"), body
            assert (field, code) in reasons, body
        assert (await client.get(EDITIONS)).json() == {"items": [], "next": None}
        assert await scene.owner.fetchval("SELECT count(*) FROM reference_picture") == 0

        edition = await sealed(client)
        again_ = await refusal(client, a_report())
        assert again_ == (409, "conflict", {("corrects", "sealed_as_edition")})
        following = await sealed(client, a_report(group_by="channel"))
        assert following["id"] == edition["id"] + 1, "what is refused takes no id: a gap would look like a loss"
        for other in (a_report(group_by="agency"), a_report(**{"from": str(A + DAY)}), a_report(agency="19333")):
            body = {**other, "corrects": edition["id"], "reason": "Sai"}
            assert (await refusal(client, body))[2] == {("corrects", "edition_of_another_report")}
        assert len((await client.get(EDITIONS)).json()["items"]) == 2


async def test_the_same_report_in_other_words_is_the_same(database, issuer):
    async with a_room(database, issuer, seed=17, dossiers=10) as scene:
        named = {"from": None, "to": None, "group_by": "agency"}
        edition = await sealed(scene.client, a_report(period="2019-Q3", **named))
        assert edition["parameters"] == {
            "agency": OLD_PROVINCE,
            "cut": "calendar",
            "from": "2019-07-01",
            "group_by": "agency",
            "to": "2019-09-30",
            "units": "then",
        }
        same = a_report(group_by="agency", cut="21-20", **{"from": "2019-07-01", "to": "2019-09-30"})
        assert (await refusal(scene.client, same))[2] == {("corrects", "sealed_as_edition")}
        months = a_report(period="2019-Q3", cut="21-20", **{**named, "group_by": "month"})
        cut = await sealed(scene.client, months)
        assert (cut["parameters"]["from"], cut["parameters"]["cut"]) == ("2019-06-21", "21-20")
        assert [row["key"] for row in json.loads(await content(scene.client, cut))["rows"]] == [
            *("2019-07", "2019-08", "2019-09")
        ]
        await demand_the_same(scene.client, [edition, cut])


async def test_a_repeated_key_seals_once(database, issuer):
    async with a_room(database, issuer, seed=18, dossiers=30) as scene:
        await write(scene.owner, scene.histories)
        key = {"Idempotency-Key": "seal-1"}
        answers = await asyncio.gather(*(scene.client.post(EDITIONS, json=a_report(), headers=key) for _ in range(4)))
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert sorted(answer.headers.get("Idempotency-Replayed", "") for answer in answers) == ["", *["true"] * 3]
        status, code, _ = await refusal(scene.client, a_report(group_by="none"), **key)
        assert (status, code) == (422, "idempotency_key_reused")
        first = answers[0].json()
        await write(scene.owner, [replace(history, id=0, code=f"{history.code}-2") for history in scene.histories])
        body = {**a_report(), "corrects": first["id"], "reason": "Nhập bổ sung"}
        second = [await scene.client.post(EDITIONS, json=body, headers={"Idempotency-Key": "x"}) for _ in range(2)]
        assert [answer.status_code for answer in second] == [201, 201]
        assert second[0].json() == second[1].json()
        assert len((await scene.client.get(EDITIONS)).json()["items"]) == 2


async def test_of_many_at_once_one_seals_and_one_corrects(database, issuer):
    async with a_room(database, issuer, seed=19, dossiers=60) as scene:
        await write(scene.owner, scene.histories[:40])
        answers = await asyncio.gather(*(scene.client.post(EDITIONS, json=a_report()) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
        (first,) = [answer.json() for answer in answers if answer.status_code == 201]
        await write(scene.owner, scene.histories[40:])
        body = {**a_report(), "corrects": first["id"], "reason": "Nhập bổ sung"}
        answers = await asyncio.gather(*(scene.client.post(EDITIONS, json=body) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
        page = (await scene.client.get(EDITIONS)).json()["items"]
        assert [(each["number"], each["corrects"]) for each in page] == [(2, first["id"]), (1, None)]
        await demand_the_same(scene.client, page)


async def test_who_may_seal_and_who_may_read(database, issuer):
    async with a_room(database, issuer, seed=20, dossiers=30) as scene:
        await write(scene.owner, scene.histories)
        for role, status in (("counter", 403), ("handler", 403), ("machine", 403), ("citizen", 403)):
            headers = bearer(issuer, role, PROVINCE)
            assert (await scene.client.post(EDITIONS, json=a_report(), headers=headers)).status_code == status
        ward = bearer(issuer, "leader", WARD)
        status, code, _ = await refusal(scene.client, a_report(), **ward)
        assert (status, code) == (403, "agency_out_of_scope")
        edition = await sealed(scene.client)
        assert edition["sealed_by"] == f"leader@{PROVINCE}"
        counter = bearer(issuer, "counter", PROVINCE)
        where = f"{EDITIONS}/{edition['id']}"
        assert (await scene.client.get(where, headers=counter)).json() == edition
        assert (await scene.client.get(f"{where}/recomputation", headers=counter)).status_code == 403
        for path in ("", "/content", "/changes", "/recomputation"):
            assert (await scene.client.get(where + path, headers=ward)).status_code == 404
            assert (await scene.client.get(f"{EDITIONS}/{10**9}{path}")).status_code == 404
            assert (await scene.client.get(f"{EDITIONS}/0{path}")).status_code == 422
        assert (await scene.client.get(EDITIONS, headers=ward)).json()["items"] == []
        body = {**a_report(agency=WARD, group_by="none", **{"from": "2026-01-01", "to": "2026-06-30"})}
        own = (await scene.client.post(EDITIONS, json=body, headers=ward)).json()
        other = {**body, "corrects": edition["id"], "reason": "Sai"}
        assert (await refusal(scene.client, other, **ward))[2] == {("corrects", "unknown_edition")}
        assert [each["id"] for each in (await scene.client.get(EDITIONS, headers=ward)).json()["items"]] == [own["id"]]


async def test_the_list_is_paged_the_newest_first(database, issuer):
    async with a_room(database, issuer, seed=21, dossiers=5) as scene:
        made = [await sealed(scene.client, a_report(**{"from": str(A + DAY * n)})) for n in range(5)]
        made.append(await sealed(scene.client, a_report(agency="19333", group_by="none")))
        found: list[int] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await scene.client.get(EDITIONS, params={"limit": "2", "report": "resolution", **cursor})).json()
            found += [each["id"] for each in page["items"]]
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}
        assert found == [each["id"] for each in reversed(made)]
        ward = (await scene.client.get(EDITIONS, params={"agency": "19333"})).json()["items"]
        assert [each["id"] for each in ward] == [made[-1]["id"]]
        assert (await scene.client.get(EDITIONS, params={"agency": "999"})).status_code == 422
        assert (await scene.client.get(EDITIONS, params={"cursor": "x"})).status_code == 422
