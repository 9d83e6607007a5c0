import sys
from tests.stats.test_fold import *
from dataclasses import replace
from tests.builders_log import fold_all


@pytest.mark.parametrize("seed", range(2))
async def test_zz(owner, stats, seed):
    rng = random.Random(seed)
    written = histories(seed, 60)
    waiting = {history.code: list(history.events) for history in written}
    by_code = {history.code: history for history in written}

    async def check(what):
        pos = await owner.fetchrow("select txid::text,event_id from stats_position")
        rows = (
            await owner.fetch(
                "select dossier_id, max(seq) s, count(*) n from dossier_event e where (e.txid,e.id) <= ($1::text::xid8,$2) group by 1",
                *pos,
            )
            if pos
            else []
        )
        byid = {h.id: h for h in written}
        assert all(r["s"] == r["n"] for r in rows)
        exp = recount([replace(byid[r[0]], events=byid[r[0]].events[: r[1]]) for r in rows])
        got = await histogram(owner)
        if got != exp:
            print(
                seed, what, pos, {k: (got.get(k), exp.get(k)) for k in set(got) | set(exp) if got.get(k) != exp.get(k)}
            )
            for r in await owner.fetch(
                "select txid::text,id,dossier_id,seq,agency_id,channel,received_day,late_day,finished_day,paused from dossier_event where (txid,id) <= ($1::text::xid8,$2) order by dossier_event.txid desc, id desc limit 24",
                *pos,
            ):
                print(tuple(map(str, r)))
            assert 0

    while waiting:
        async with owner.transaction():
            for code in rng.sample(sorted(waiting), min(len(waiting), rng.randint(1, 12))):
                some = waiting[code][: rng.randint(1, 3)]
                await write_events(owner, by_code[code], some)
                del waiting[code][: len(some)]
                if not waiting[code]:
                    del waiting[code]
        if rng.random() < 0.6:
            n = await fold_once(stats, limit=rng.randint(1, 20))
            await check(n)
        if rng.random() < 0.1:
            await bring_checkpoints_up(stats, LAST)
    while n := await fold_once(stats, limit=rng.randint(1, 50)):
        await check(n)
    assert await owner.fetchval("select count(*) from dossier_event") == sum(len(h.events) for h in written)
    assert await histogram(owner) == recount(written)
