"""The tester's side, `/_control/…`: faults, settings, the catalogue, questions; and what the portal saw and thinks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any, TypeAlias
from urllib.parse import parse_qs, unquote

import orjson

from shared.web.clock import now
from tests.national_portal import items
from tests.national_portal.catalogue import KEYS, Catalogue, core_of
from tests.national_portal.moments import VIETNAM, WorkDays, YearUnknownError
from tests.national_portal.scoring import Record, Verdict, in_period, judged, month_of, period_of, scores
from tests.national_portal.services import Portal
from tests.national_portal.settings import Settings

Query: TypeAlias = dict[str, str]
Reply: TypeAlias = tuple[int, Any]

_QUESTION = {**items.QUESTION, **items.ANSWER} | dict.fromkeys(
    ("HOVATEN", "DIACHI", "THUDIENTU", "SODIENTHOAI", "MATTHCDP", "LOAI"), items.text()
)
_QUESTION["TRANGTHAI"] = items.QUESTION["HOIDAPID"]

#: state → those that no dossier comes to from there: filed and accepted it is once, and finished before it is returned.
_NEVER_AFTER: dict[str, tuple[str, ...]] = {
    "2": ("1",),
    **dict.fromkeys(("3", "4", "5", "6", "7", "8", "9"), ("1", "2")),
    "10": ("1", "2", "9"),
}


class Control:
    """Answers a tester's requests. A ValueError is the tester's mistake: 400."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._days = WorkDays()

    def __call__(self, method: str, path: str, query: str, body: bytes) -> Reply:
        parts = [unquote(part) for part in path.split("/")[2:] if part]
        asked = {name: values[-1] for name, values in parse_qs(query).items()}
        try:
            given = orjson.loads(body) if body else None
            return self._routed(method, parts, asked, given)
        except (ValueError, YearUnknownError) as error:
            return 400, {"error": str(error)}

    def _routed(self, method: str, parts: list[str], asked: Query, given: Any) -> Reply:
        routes: dict[tuple[str, str], Callable[[Query, Any], Any]] = {
            ("GET", ""): self._state,
            ("GET", "settings"): lambda asked, given: self._portal.settings.shown(),
            ("PATCH", "settings"): self._set,
            ("GET", "faults"): lambda asked, given: [plan.shown() for plan in self._portal.faults.plans],
            ("POST", "faults"): self._lay,
            ("DELETE", "faults"): self._clear,
            ("POST", "sessions/expire"): self._expire,
            ("GET", "history"): self._history,
            ("GET", "dossiers"): self._dossiers,
            ("GET", "effects"): self._effects,
            ("GET", "proof"): self._proof,
            ("GET", "verdicts"): self._verdicts,
            ("POST", "questions"): self._ask,
            ("GET", "answers"): lambda asked, given: self._portal.store.notes("answer"),
            ("POST", "ratings"): self._rate,
            ("GET", "ratings"): lambda asked, given: self._portal.store.notes("rating"),
            ("POST", "reset"): self._reset,
        }
        if len(parts) == 2 and parts[0] == "dossiers":
            return self._tamper(method, parts[1], given)
        if parts and parts[0] in KEYS:
            return self._publish(method, parts, given)
        route = routes.get((method, "/".join(parts)))
        if route is None:
            known = sorted(f"{verb} /_control/{name}" for verb, name in routes)
            return 404, {"error": "no such control", "known": known}
        return 200, route(asked, given)

    def _state(self, asked: Query, given: Any) -> Any:
        configuration = self._portal.configuration
        return {
            "madonvi": configuration.madonvi,
            "dstcode": configuration.dstcode,
            "seed": configuration.seed,
            "sessions": len(self._portal.sessions),
            **self._portal.store.counts(),
        }

    def _set(self, asked: Query, given: Any) -> Any:
        if not isinstance(given, dict):
            raise ValueError("an object of settings")
        self._portal.settings = self._portal.settings.changed(given)
        with self._portal.store.transaction():
            self._portal.store.put_note("settings", "", self._portal.settings.shown())
        self._portal.forget_calls()
        return self._portal.settings.shown()

    def _lay(self, asked: Query, given: Any) -> Any:
        if not isinstance(given, dict):
            raise ValueError("an object that describes a fault")
        return self._portal.faults.lay(given).shown()

    def _clear(self, asked: Query, given: Any) -> Any:
        self._portal.faults.clear()
        return []

    def _expire(self, asked: Query, given: Any) -> Any:
        ended = len(self._portal.sessions)
        self._portal.sessions.clear()
        return {"expired": ended}

    def _reset(self, asked: Query, given: Any) -> Any:
        """All as it was at the first start."""
        changed = self._portal.store.catalogue_changes()
        self._portal.store.empty()
        self._portal.faults.clear()
        self._portal.sessions.clear()
        self._portal.forget_calls()
        self._portal.settings = self._portal.initial
        if changed:
            self._portal.catalogue = Catalogue()
        return {}

    def _history(self, asked: Query, given: Any) -> Any:
        after, limit = int(asked.get("after", "0")), int(asked.get("limit", "1000"))
        found = self._portal.store.requests(after, limit, asked.get("service"), asked.get("dossier"))
        for one in found:
            body, answer = one.pop("body"), one.pop("answer")
            if asked.get("bodies"):
                one["body"] = body.decode("utf-8", "replace") if body else None
                one["answer"] = answer.decode("utf-8", "replace") if answer else None
        return found

    def _dossiers(self, asked: Query, given: Any) -> Any:
        return self._portal.store.dossiers(asked.get("after", ""), int(asked.get("limit", "1000")))

    def _tamper(self, method: str, code: str, given: Any) -> Reply:
        """DELETE: the portal has lost it. PATCH: it has it otherwise than it was sent. No effect tells of either."""
        store = self._portal.store
        found = store.dossier(code)
        if found is None:
            return 404, {"error": f"not stored: {code}"}
        if method == "DELETE":
            with store.transaction():
                store.remove_dossier(code)
        elif method == "PATCH" and isinstance(given, dict):
            item = {name: value for name, value in {**found[1], **given}.items() if value is not None}
            wrong = items.wrong(item, items.DOSSIER, items.DOSSIER_REQUIRED, unknown_too=True)
            if wrong or item["MaHoSo"] != code:
                raise ValueError(str(wrong[0]) if wrong else "MaHoSo stays")
            with store.transaction():
                store.change_dossier(code, item["TrangThaiHoSo"], orjson.dumps(item, option=orjson.OPT_SORT_KEYS))
        elif method != "GET":
            return 405, {"error": "GET, PATCH or DELETE"}
        return 200, {"code": code, "item": (store.dossier(code) or (None, None))[1]}

    def _effects(self, asked: Query, given: Any) -> Any:
        return self._portal.store.effects(
            int(asked.get("after", "0")), int(asked.get("limit", "1000")), asked.get("dossier")
        )

    def _proof(self, asked: Query, given: Any) -> Any:
        """Per dossier: whether what was told came in its order, and whether anything took effect twice.

        out_of_order: it tells of less than what came before. backwards: a state that a dossier has once came after a
        later one.
        """
        out_of_order: list[Any] = []
        backwards: list[Any] = []
        twice: list[Any] = []
        dossiers = effects = 0
        current, latest, before, seen = "", dict[str, str](), dict[str, str](), set[tuple[str, str]]()
        for dossier, kind, status, moment, digest, request in self._portal.store.effects_by_dossier():
            if dossier != current:
                current, latest, before, seen = dossier, {}, {}, set()
                dossiers += 1
            effects += 1
            family = "dossier" if kind in ("new", "update") else kind
            shown = {"dossier": dossier, "kind": kind, "status": status, "moment": moment, "request": request}
            if moment < latest.get(family, ""):
                out_of_order.append({**shown, "after": latest[family]})
            latest[family] = max(moment, latest.get(family, ""))
            if status in _NEVER_AFTER.get(before.get(family, ""), ()):
                backwards.append({**shown, "after": before[family]})
            before[family] = status
            if (family, digest) in seen:
                twice.append(shown)
            seen.add((family, digest))
        return {
            "dossiers": dossiers,
            "effects": effects,
            "out_of_order": out_of_order,
            "backwards": backwards,
            "twice": twice,
        }

    def _verdicts(self, asked: Query, given: Any) -> Any:
        if "month" in asked:
            first, last = month_of(asked["month"])
        elif "from" in asked and "to" in asked:
            first, last = date.fromisoformat(asked["from"]), date.fromisoformat(asked["to"])
        else:
            raise ValueError("month=2026-08, or from= and to=")
        at = datetime.fromisoformat(asked["now"]) if "now" in asked else now()
        if at.tzinfo is None:
            at = at.replace(tzinfo=VIETNAM)
        compare = asked.get("compare", self._portal.settings.compare)
        if compare not in ("instant", "date"):
            raise ValueError("compare: instant or date")
        shown = asked.get("verdicts", "all")
        if shown not in ("all", "late"):
            raise ValueError("verdicts: all or late")
        period = period_of(first, last, at)
        terms: dict[str, list[tuple[float, str]]] = {}
        verdicts: list[Verdict] = []
        for item in self._portal.store.every_item():
            procedure = item["MaTTHC"]
            if procedure not in terms:
                terms[procedure] = self._portal.catalogue.terms(procedure)
            record = Record(item, self._portal.store.process_of(item["MaHoSo"]), terms[procedure])
            if in_period(record, period):
                verdicts.append(judged(record, period, self._days, compare=compare))
        agencies = [
            (shape["MADONVI"], shape.get("TENDONVI", "")) for shape in self._portal.catalogue.kinds["agencies"].values()
        ]
        return {
            "from": str(first),
            "to": str(last),
            "until": period.until.isoformat(),
            "compare": compare,
            "verdicts": [verdict.shown() for verdict in verdicts if shown == "all" or not verdict.on_time],
            **scores(verdicts, agencies),
        }

    def _publish(self, method: str, parts: list[str], given: Any) -> Reply:
        """POST /_control/procedures publishes one or a list; DELETE /_control/procedures/{code} takes one away."""
        kind, key = parts[0], KEYS[parts[0]]
        catalogue, store = self._portal.catalogue, self._portal.store
        if method == "GET" and len(parts) == 2:
            shape = catalogue.kinds[kind].get(parts[1])
            return (200, shape) if shape else (404, {"error": f"not published: {parts[1]}"})
        if method == "POST" and len(parts) == 1:
            shapes = given if isinstance(given, list) else [given]
            for shape in shapes:
                code = shape.get(key) if isinstance(shape, dict) else None
                if not isinstance(code, str) or not code or (kind == "procedures" and core_of(code) is None):
                    raise ValueError(f"{key}: a code")
            changes: list[tuple[str, str, Any]] = [
                (kind, shape[key], {**catalogue.kinds[kind].get(shape[key], {}), **shape}) for shape in shapes
            ]
        elif method == "DELETE" and len(parts) == 2:
            changes = [(kind, parts[1], None)]
        else:
            return 405, {"error": "POST, GET /{code} or DELETE /{code}"}
        with store.transaction():
            store.add_catalogue_changes(changes)
        for one in changes:
            catalogue.change(*one)
        return 200, {"changed": len(changes)}

    def _ask(self, asked: Query, given: Any) -> Any:
        """A citizen's question or feedback, put to the agencies."""
        with self._portal.store.transaction():
            for item in given if isinstance(given, list) else [given]:
                wrong = items.wrong(item, _QUESTION, frozenset({"HOIDAPID", "NOIDUNG"}), unknown_too=True)
                if wrong:
                    raise ValueError(str(wrong[0]))
                self._portal.store.put_note("question", str(item["HOIDAPID"]), {"TRANGTHAI": 1, **item})
        return {}

    def _rate(self, asked: Query, given: Any) -> Any:
        """A citizen's rating, given out by LayDanhSachDanhGia."""
        with self._portal.store.transaction():
            for item in given if isinstance(given, list) else [given]:
                wrong = items.wrong(item, items.RATING, items.RATING_REQUIRED, unknown_too=True)
                if wrong:
                    raise ValueError(str(wrong[0]))
                key = orjson.dumps([item["MaHoSo"], item.get("LoaiDanhGia"), item["ThoiGian"]]).decode()
                self._portal.store.put_note("given_rating", key, item)
        return {}


def with_sessions(settings: Settings, seconds: float | None, calls: int | None) -> Settings:
    """The settings with the life of a session that the arguments name."""
    if seconds is not None:
        settings = replace(settings, session_seconds=seconds)
    return replace(settings, session_calls=calls) if calls is not None else settings
