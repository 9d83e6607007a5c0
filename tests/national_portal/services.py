"""The protocol: sessions, headers, services by name. Each call gives an answer and what it did; nothing here is async,
so a call is never half seen by another."""

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, TypeAlias

import orjson

from tests.national_portal import items
from tests.national_portal.catalogue import Catalogue
from tests.national_portal.faults import Faults
from tests.national_portal.items import Item, Refused, absent
from tests.national_portal.scoring import agency_of
from tests.national_portal.settings import Configuration, Settings
from tests.national_portal.store import Store

Body: TypeAlias = dict[str, Any]

#: Only success, 3 and -3 were seen in systems that speak to the real one. The others are this double's own.
WRONG_LOGIN, STALE_SESSION, NOT_THERE, WRONG_HEADERS, WRONG_UNIT = -1, -2, -4, -5, -6
UNKNOWN_SERVICE, WRONG_ITEM, TOO_MANY_ITEMS, TOO_OFTEN, WRONG_BODY, FAILED = -7, -8, -9, -10, -11, -99

AUTH, SHARE, INTEGRATION = "auth", "share", "integration"
#: What stands for a body that is no JSON.
NO_JSON = object()


def parsed(raw: bytes) -> Any:
    """The body as JSON, or NO_JSON."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return NO_JSON


@dataclass
class Answer:
    """What goes back, before any fault changes it. items and accepted: how many were sent, how many had an effect."""

    content: Body
    status: int = 200
    items: int = 0
    accepted: int = 0

    @property
    def error_code(self) -> str:
        return str(self.content.get("error_code", ""))


@dataclass
class Session:
    """A login, until it is stale."""

    began: float
    calls: int = 0


@dataclass
class Doing:
    """A request while it is worked on."""

    number: int
    at: datetime
    body: Body
    #: Of a batch only the items before this one are looked at; None: all.
    only: int | None = None


@dataclass
class Portal:
    """The portal's state and its services."""

    configuration: Configuration
    settings: Settings
    store: Store
    catalogue: Catalogue
    faults: Faults
    #: As the arguments have them: what a reset goes back to.
    initial: Settings = field(default_factory=Settings)
    sessions: dict[str, Session] = field(default_factory=dict)
    _logins: int = 0
    _calls: deque[float] = field(default_factory=deque)

    # the way in

    def forget_calls(self) -> None:
        """Count calls anew."""
        self._calls.clear()

    def too_often(self) -> bool:
        """Whether this call is one too many. Counts it if not."""
        limit, now = self.settings.rate_calls, monotonic()
        if not limit:
            return False
        while self._calls and now - self._calls[0] >= self.settings.rate_seconds:
            self._calls.popleft()
        if len(self._calls) >= limit:
            return True
        self._calls.append(now)
        return False

    def login(self, headers: Mapping[str, str], parsed: Any) -> Answer:
        """POST {username, password} → {session, error_code}."""
        body = self._read(headers, parsed)
        if isinstance(body, Answer):
            return body
        known = (self.configuration.username, self.configuration.password)
        if (body.get("username"), body.get("password")) != known:
            return self._refusal(WRONG_LOGIN, "Sai tên đăng nhập hoặc mật khẩu")
        self._logins += 1
        session = hashlib.sha256(f"{self.configuration.seed}:{self._logins}".encode()).hexdigest()[:40]
        self.sessions[session] = Session(monotonic())
        return Answer({"session": session, "error_code": self.settings.success_code})

    def call(
        self, endpoint: str, headers: Mapping[str, str], parsed: Any, number: int, at: datetime, only: int | None = None
    ) -> Answer:
        """POST {session, madonvi, service, …} → {error_code, message, result}."""
        body = self._read(headers, parsed)
        if isinstance(body, Answer):
            return body
        if not self._alive(body.get("session")):
            stale = self._refusal(STALE_SESSION, "Phiên làm việc không hợp lệ hoặc đã hết hạn")
            stale.status = self.settings.session_status
            return stale
        if body.get("madonvi") != self.configuration.madonvi:
            return self._refusal(WRONG_UNIT, "Mã đơn vị không hợp lệ")
        service = SERVICES[endpoint].get(str(body.get("service")))
        if service is None:
            return self._refusal(UNKNOWN_SERVICE, "Không có dịch vụ này")
        return service(self, Doing(number, at, body, only))

    def _read(self, headers: Mapping[str, str], parsed: Any) -> Body | Answer:
        wrong = self._wrong_headers(headers)
        if wrong:
            return self._refusal(WRONG_HEADERS, wrong)
        if parsed is NO_JSON:
            return self._refusal(WRONG_BODY, "Nội dung không phải JSON mã hoá UTF-8")
        return parsed if isinstance(parsed, dict) else self._refusal(WRONG_BODY, "Nội dung phải là một đối tượng JSON")

    def _wrong_headers(self, headers: Mapping[str, str]) -> str | None:
        kind, _, parameters = headers.get("content-type", "").partition(";")
        if kind.strip().lower() != "application/json":
            return "Content-Type phải là application/json"
        named = parameters.strip().lower().replace('"', "")
        if named.startswith("charset=") and named not in ("charset=utf-8", "charset=utf8"):
            return "Bảng mã phải là utf-8"
        if headers.get("charset", "").lower() not in ("utf-8", "utf8"):
            return "Thiếu hoặc sai tiêu đề Charset (utf-8)"
        if "application/json" not in headers.get("accept", ""):
            return "Accept phải là application/json"
        if headers.get("dstcode") != self.configuration.dstcode:
            return "Thiếu hoặc sai tiêu đề dstcode"
        return None

    def _alive(self, token: Any) -> bool:
        session = self.sessions.get(token) if isinstance(token, str) else None
        if session is None:
            return False
        session.calls += 1
        limit = self.settings.session_calls
        stale = monotonic() - session.began >= self.settings.session_seconds or (limit and session.calls > limit)
        if stale:
            del self.sessions[token]
        return not stale

    # answers

    def _refusal(self, code: int | str, message: str, result: list[Body] | None = None) -> Answer:
        return Answer({"error_code": code, "message": message, "result": result or []})

    def _success(self, result: list[Body], **more: int) -> Answer:
        content = {"error_code": self.settings.success_code, "message": "Thành công", "result": result}
        return Answer(content, **more)

    def rate_refusal(self) -> Answer:
        answer = self._refusal(TOO_OFTEN, "Vượt quá số lần gọi cho phép")
        answer.status = self.settings.rate_status
        return answer

    # catalogues

    def _list(self, kind: str, names: tuple[str, ...]) -> Answer:
        shapes = self.catalogue.kinds[kind].values()
        return self._success([{name: shape.get(name, "") for name in names} for shape in shapes])

    def procedures(self, doing: Doing) -> Answer:
        return self._list("procedures", ("MATTHC", "TENTTHC"))

    def agencies(self, doing: Doing) -> Answer:
        return self._list("agencies", ("MADONVI", "TENDONVI", "CAPDONVI"))

    def fields(self, doing: Doing) -> Answer:
        answer = self._list("fields", ("MALINHVUC", "TENLINHVUC", "MANGANH"))
        for shape in answer.content["result"]:
            shape["MANGANH"] = shape["MANGANH"] or self.configuration.madonvi
        return answer

    def procedure(self, doing: Doing) -> Answer:
        code = doing.body.get("maTTHC")
        if not isinstance(code, str) or not code:
            return self._refusal(WRONG_BODY, "Thiếu maTTHC")
        shape = self.catalogue.procedure(code)
        return self._success([shape] if shape else [])

    # dossiers

    def look_up(self, doing: Doing) -> Answer:
        code = doing.body.get("mahoso")
        if not isinstance(code, str) or not code:
            return self._refusal(WRONG_BODY, "Thiếu mahoso")
        found = self.store.dossier(code)
        if found is None:
            return self._success([])
        more = {"DanhSachTienDo": self.store.timelines(code)} if self.settings.lookup_timelines else {}
        return self._success([{**found[1], **more}])

    def sync_dossiers(self, doing: Doing) -> Answer:
        updating = doing.body.get("isUpdating")
        if updating not in ("True", "False"):
            return self._refusal(WRONG_BODY, "isUpdating phải là True hoặc False")
        return self._batch(doing, lambda item: self._sync_dossier(doing, item, updating == "True"))

    def _sync_dossier(self, doing: Doing, item: Any, updating: bool) -> tuple[int | str, str, list[Refused]]:
        wrong = self._wrong(item, items.DOSSIER, items.DOSSIER_REQUIRED | set(self.settings.also_required))
        if not wrong:
            wrong = items.wrong_dossier(item)
            bad = items.wrong_code(item["MaHoSo"], self.configuration.madonvi, self.settings.code_format)
            wrong += [bad] if bad else []
            wrong += self._unknown_references(item)
        if wrong:
            return WRONG_ITEM, "Dữ liệu hồ sơ không hợp lệ", wrong
        code, content = item["MaHoSo"], orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
        digest, before = _digest(content), self.store.digest(code)
        if updating and before is None:
            return NOT_THERE, "Hồ sơ chưa tồn tại", []
        if not updating and before is not None:
            return self.settings.duplicate_code, "Hồ sơ đã tồn tại", []
        if digest != before:
            status, latest = item["TrangThaiHoSo"], items.latest_moment(item)
            self.store.put_dossier(code, agency_of(code), status, latest, digest, content)
            kind = "update" if updating else "new"
            self.store.add_effect(
                doing.number, doing.at, code, kind, status=status, moment=latest, digest=digest, item=content
            )
        return self.settings.success_code, "Thành công", []

    def _unknown_references(self, item: Item) -> list[Refused]:
        shape = self.catalogue.procedure(item["MaTTHC"])
        if shape is None:
            return [Refused("MaTTHC", "unknown_procedure", "không có trong cơ sở dữ liệu quốc gia")]
        field_code = item.get("MaLinhVuc")
        if not absent(field_code) and field_code not in self.catalogue.kinds["fields"]:
            return [Refused("MaLinhVuc", "unknown_field_code", "không có trong danh mục lĩnh vực")]
        return []

    def sync_timelines(self, doing: Doing) -> Answer:
        data = doing.body.get("data")
        most = self.settings.timeline_batch
        if isinstance(data, list) and len(data) > most:
            answer = self._refusal(TOO_MANY_ITEMS, f"Mỗi lần gửi không quá {most} tiến trình")
            answer.items = len(data)
            return answer
        return self._batch(doing, lambda item: self._sync_timeline(doing, item))

    def _sync_timeline(self, doing: Doing, item: Any) -> tuple[int | str, str, list[Refused]]:
        wrong = self._wrong(item, items.TIMELINE, items.TIMELINE_REQUIRED)
        if wrong:
            return WRONG_ITEM, "Dữ liệu tiến trình không hợp lệ", wrong
        code = item["MaHoSo"]
        if self.store.digest(code) is None:
            return NOT_THERE, "Hồ sơ chưa tồn tại", []
        content = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
        digest = _digest(content)
        if self.settings.timelines != "append" and self.store.has_effect(code, "timeline", digest):
            if self.settings.timelines == "refuse":
                return self.settings.duplicate_code, "Tiến trình đã tồn tại", []
            return self.settings.success_code, "Thành công", []
        self.store.add_effect(
            doing.number,
            doing.at,
            code,
            "timeline",
            status=item["TrangThai"],
            moment=item["ThoiDiemXuLy"],
            digest=digest,
            item=content,
        )
        return self.settings.success_code, "Thành công", []

    def sync_status(self, doing: Doing) -> Answer:
        """One dossier, not a list: {type: "2", data: {…}}."""
        if doing.body.get("type") != "2":
            return self._refusal(WRONG_BODY, "type phải là 2")
        item = doing.body.get("data")
        wrong = self._wrong(item, items.NOTICE, items.NOTICE_REQUIRED)
        if wrong or not isinstance(item, dict):
            answer = self._refusal(WRONG_ITEM, "Dữ liệu trạng thái không hợp lệ", [{"details": _details(wrong)}])
            answer.items = 1
            return answer
        code = item["MaHoSo"]
        if self.store.digest(code) is None:
            answer = self._refusal(NOT_THERE, "Hồ sơ chưa tồn tại")
            answer.items = 1
            return answer
        content = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
        self.store.add_effect(
            doing.number,
            doing.at,
            code,
            "notice",
            status=item["TrangThai"],
            moment=item["NgayXuLy"],
            digest=_digest(content),
            item=content,
        )
        return self._success([{"MaHoSo": code}], items=1, accepted=1)

    # questions, answers, ratings

    def questions(self, doing: Doing) -> Answer:
        return self._success([self._with_answer(question) for question in self.store.notes("question")])

    def agency_questions(self, doing: Doing) -> Answer:
        return self._success(self.store.notes("agency_question"))

    def answer_of(self, doing: Doing) -> Answer:
        code = str(doing.body.get("cauhoiid", ""))
        question = self.store.note("question", code)
        if question is None:
            return self._success([])
        answered = self._with_answer(question)
        return self._success([answered] if answered.get("NOIDUNGTRALOI") else [])

    def _with_answer(self, question: Item) -> Item:
        answer = self.store.note("answer", str(question["HOIDAPID"])) or {}
        names = ("NGUOITRALOI", "CHUCVUNGUOITRALOI", "NGAYTRALOI", "NOIDUNGTRALOI")
        return {"NOIDUNGTRALOI": "", **question, **{name: answer[name] for name in names if name in answer}}

    def take_questions(self, doing: Doing) -> Answer:
        def take(item: Any) -> tuple[int | str, str, list[Refused]]:
            wrong = self._wrong(item, items.QUESTION, items.QUESTION_REQUIRED)
            if wrong:
                return WRONG_ITEM, "Dữ liệu câu hỏi không hợp lệ", wrong
            self.store.put_note("agency_question", str(item["HOIDAPID"]), item)
            return self.settings.success_code, "Thành công", []

        return self._batch(doing, take)

    def take_answers(self, doing: Doing) -> Answer:
        def take(item: Any) -> tuple[int | str, str, list[Refused]]:
            wrong = self._wrong(item, items.ANSWER, items.ANSWER_REQUIRED)
            if wrong:
                return WRONG_ITEM, "Dữ liệu trả lời không hợp lệ", wrong
            if self.store.note("question", str(item["HOIDAPID"])) is None:
                return NOT_THERE, "Câu hỏi không tồn tại", []
            self.store.put_note("answer", str(item["HOIDAPID"]), item)
            return self.settings.success_code, "Thành công", []

        return self._batch(doing, take)

    def take_ratings(self, doing: Doing) -> Answer:
        def take(item: Any) -> tuple[int | str, str, list[Refused]]:
            wrong = self._wrong(item, items.RATING, items.RATING_REQUIRED)
            if wrong:
                return WRONG_ITEM, "Dữ liệu đánh giá không hợp lệ", wrong
            if self.store.digest(item["MaHoSo"]) is None:
                return NOT_THERE, "Hồ sơ chưa tồn tại", []
            digest = _digest(orjson.dumps(item, option=orjson.OPT_SORT_KEYS))
            self.store.put_note("rating", digest, item)
            return self.settings.success_code, "Thành công", []

        return self._batch(doing, take)

    def ratings(self, doing: Doing) -> Answer:
        return self._success(self.store.notes("given_rating"))

    # batches

    def _wrong(self, item: Any, fields: Mapping[str, items.Check], required: frozenset[str]) -> list[Refused]:
        return items.wrong(item, fields, required, unknown_too=self.settings.unknown_fields == "refuse")

    def _batch(self, doing: Doing, take: Callable[[Any], tuple[int | str, str, list[Refused]]]) -> Answer:
        """Each item by itself. The outer code is success, or that of the first item refused."""
        data = doing.body.get("data")
        if not isinstance(data, list) or not data:
            return self._refusal(WRONG_BODY, "data phải là một danh sách có phần tử")
        result: list[Body] = []
        first: tuple[int | str, str] | None = None
        accepted = 0
        try:
            with self.store.savepoint():
                for item in data[: doing.only]:
                    code, message, wrong = take(item)
                    name = item.get("MaHoSo", item.get("HOIDAPID")) if isinstance(item, dict) else None
                    one: Body = {"MaHoSo": name, "error_code": code, "message": message}
                    if wrong:
                        one["details"] = _details(wrong)
                    result.append(one)
                    if code == self.settings.success_code:
                        accepted += 1
                    elif first is None:
                        first = code, message
                if first is not None and self.settings.batch == "all":
                    raise _TakenBack
        except _TakenBack:
            accepted = 0
        code, message = first or (self.settings.success_code, "Thành công")
        content = {"error_code": code, "message": message, "result": result}
        return Answer(content, items=len(data), accepted=accepted)


class _TakenBack(Exception):
    """A batch of which one item was refused, where all stand or fall together."""


def _details(wrong: list[Refused]) -> list[Body]:
    return [one._asdict() for one in wrong]


def _digest(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


SERVICES: dict[str, dict[str, Callable[[Portal, Doing], Answer]]] = {
    SHARE: {
        "LayDanhSachTTHC": Portal.procedures,
        "LayDanhMucCoQuan": Portal.agencies,
        "LayDanhMucLinhVuc": Portal.fields,
    },
    INTEGRATION: {
        "LayThuTuc": Portal.procedure,
        "TraCuuHoSo": Portal.look_up,
        "DongBoHoSoMC": Portal.sync_dossiers,
        "CapNhatTienDoHoSoMC": Portal.sync_timelines,
        "DongBoTrangThaiHoSo": Portal.sync_status,
        "LayDanhSachHoiDapGuiTuDVCQG": Portal.questions,
        "LayDanhSachHoiDapBoCoQuan": Portal.agency_questions,
        "LayNoiDungTraLoiTheoCauHoi": Portal.answer_of,
        "DongBoHoiDap": Portal.take_questions,
        "DongBoKetQuaHoiDapGuiTuDVCQG": Portal.take_answers,
        "DongBoDanhGia": Portal.take_ratings,
        "LayDanhSachDanhGia": Portal.ratings,
    },
}
