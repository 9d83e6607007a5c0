"""What the codes of the interface mean in Vietnamese, so that a refusal can be read as well as acted upon.

A code that a client has to send stays as it is, in quotes, with its meaning beside it. The terms are the glossary's.
"""

from types import MappingProxyType

_CHANNELS = {"counter": "trực tiếp", "online": "trực tuyến", "post": "dịch vụ bưu chính công ích"}
_LEVELS = {
    "ministry": "Bộ, ngành Trung ương",
    "province": "cấp tỉnh",
    "district": "cấp huyện",
    "commune": "cấp xã",
}
_STATUSES = {
    "submitted": "mới đăng ký",
    "accepted": "được tiếp nhận",
    "not_accepted": "không được tiếp nhận",
    "in_process": "đang xử lý",
    "supplement_awaited": "yêu cầu bổ sung giấy tờ",
    "payment_awaited": "yêu cầu thực hiện nghĩa vụ tài chính",
}
_EVENTS = {
    "processing_started": "bắt đầu xử lý",
    "supplement_requested": "yêu cầu bổ sung",
    "supplemented": "đã bổ sung",
    "payment_requested": "yêu cầu nghĩa vụ tài chính",
    "paid": "đã nộp nghĩa vụ tài chính",
    "extended": "xin lỗi và hẹn lại",
    "apologised": "xin lỗi",
    "rescheduled": "tính lại ngày hẹn",
    "corrected": "đính chính thông tin tiếp nhận",
    "withdrawn": "rút hồ sơ",
    "stopped": "dừng giải quyết",
    "finished": "xử lý xong",
    "result_recorded": "ghi nhận văn bản kết quả",
    "returned": "trả kết quả",
    "reopened": "mở lại",
}
_OUTCOMES = {"granted": "giải quyết", "refused": "từ chối giải quyết"}
_APPLICANTS = {
    "person": "cá nhân",
    "business": "doanh nghiệp",
    "agency": "cơ quan",
    "organisation": "tổ chức",
}
_DOCUMENTS = {
    "original": "bản chính",
    "certified_copy": "bản sao chứng thực",
    "copy": "bản sao",
    "electronic": "bản điện tử",
}
_DAYS = {
    "holiday": "nghỉ lễ, Tết",
    "in_lieu": "nghỉ bù",
    "swap_off": "nghỉ hoán đổi",
    "make_up_work": "làm bù",
    "normal": "ngày thường",
    "announced": "đã công bố",
    "provisional": "tạm tính, chưa công bố",
}
_FIGURES = {
    "carried_over": "kỳ trước chuyển qua",
    "received": "tiếp nhận trong kỳ",
    "received_online": "tiếp nhận trực tuyến",
    "received_counter": "tiếp nhận trực tiếp",
    "received_post": "tiếp nhận qua bưu chính công ích",
    "to_handle": "tổng số phải giải quyết",
    "resolved": "đã giải quyết",
    "resolved_early": "trước hạn",
    "resolved_on_day": "đúng hạn",
    "resolved_late": "quá hạn",
    "resolved_on_time": "đúng và trước hạn",
    "resolved_without_term": "đã giải quyết, không có thời hạn",
    "pending": "đang giải quyết",
    "pending_in_term": "đang giải quyết trong hạn",
    "pending_overdue": "đang giải quyết quá hạn",
    "pending_paused": "tạm dừng",
    "resolved_otherwise": "rút, trả",
    "uncollected": "có kết quả, chưa trả",
    "pending_due_now": "đến hạn",
    "pending_nearly_due": "sắp đến hạn",
    "pending_paused_overdue": "tạm dừng, quá hạn",
    "due_in_period": "đến hạn trong kỳ",
    "due_on_time": "đến hạn, giải quyết đúng và trước hạn",
    "due_late": "đến hạn, giải quyết quá hạn",
    "due_overdue": "đến hạn, quá hạn chưa giải quyết",
    "due_in_term": "đến hạn, còn trong ngày cuối",
    "due_otherwise": "đến hạn, rút hoặc trả",
    "national_on_time": "đúng hạn theo Quyết định 766",
    "national_overdue": "quá hạn theo Quyết định 766",
}
_DEFINITIONS = {
    "decree-61": "trên tổng số tiếp nhận, Nghị định 61",
    "gia-lai-monthly": "cách tính theo tháng của Gia Lai",
    "due-in-period": "trên số đến hạn trong kỳ",
    "three-shares": "ba tỷ lệ",
    "decision-766": "theo Quyết định 766",
    "completion": "tỷ lệ giải quyết",
}
_REPORTS = {
    "resolution": "tình hình giải quyết hồ sơ",
    "ii-06a": "biểu mười ba cột",
    "annex": "phụ lục tổng hợp theo đơn vị",
}
_ROWS = {
    "none": "không",
    "tree": "cây đơn vị",
    "own": "riêng đơn vị",
    "level": "cấp",
    "sector": "lĩnh vực",
    "procedure": "thủ tục hành chính",
    "channel": "kênh tiếp nhận",
    "month": "tháng",
    "officer": "người giải quyết",
    "calendar": "theo tháng dương lịch",
    "15-14": "từ ngày 15 tháng trước đến ngày 14",
    "21-20": "từ ngày 21 tháng trước đến ngày 20",
    "then": "đơn vị trong kỳ",
    "today": "đơn vị hiện nay",
}
_SUPPLEMENT_RULES = {
    "restart": "tính lại từ đầu",
    "pause": "không tính thời gian chờ",
    "continue": "tiếp tục tính",
    "nothing": "không có hệ quả",
    "close": "dừng giải quyết",
    "retroactive": "hồi tố",
}
_UNITS = {"working_day": "ngày làm việc", "calendar_day": "ngày"}
_CASES = {"open": "đang mở", "untold": "chưa báo bộ phận một cửa"}
_WORKFLOWS = {
    "linked": "liên thông",
    "internal": "quy trình nội bộ",
    "receiving": "cơ quan tiếp nhận",
    "above": "cơ quan cấp trên",
    "department": "sở",
    "one_stop": "bộ phận một cửa",
    "lead": "chủ trì",
    "coordinating": "phối hợp",
    "reception": "tiếp nhận",
    "specialist": "chuyên viên",
    "division_head": "lãnh đạo phòng",
    "unit_head": "lãnh đạo đơn vị",
    "clerk": "văn thư",
    "unstated": "không nêu",
    "working_day": "ngày làm việc",
    "working_hour": "giờ làm việc",
    "escalated": "đã báo người đứng đầu bộ phận một cửa",
    "answered": "đã trả lời",
}
_APOLOGIES = {
    "overdue": "quá hạn",
    "lost_or_damaged": "mất, hỏng hồ sơ",
    "sent": "đã gửi",
    "any": "tất cả",
}
_SENDINGS = {
    "sms": "tin nhắn",
    "email": "thư điện tử",
    "phone": "điện thoại",
    "social_network": "mạng xã hội",
}
_FORMS = {
    "receipt": "giấy tiếp nhận hồ sơ và hẹn trả kết quả",
    "supplement": "phiếu yêu cầu bổ sung, hoàn thiện hồ sơ",
    "refusal": "phiếu từ chối tiếp nhận giải quyết hồ sơ",
    "apology": "phiếu xin lỗi và hẹn lại ngày trả kết quả",
    "stop": "thông báo dừng giải quyết hồ sơ",
    "control-slip": "phiếu kiểm soát quá trình giải quyết hồ sơ",
}
_ACTIONS = {
    "hand_over": "chuyển hồ sơ",
    "receive": "nhận hồ sơ",
    "decline": "từ chối nhận",
    "return": "trả lại bên giao",
    "assign": "phân công",
    "finish": "xử lý xong",
}
_PETITIONS = {
    "about_procedure": "về cơ chế, chính sách, thủ tục",
    "about_behaviour": "về hành vi của cán bộ, công chức",
    "in_hand": "đang xử lý",
    "forwarded": "đã chuyển cơ quan có thẩm quyền",
    "information_asked": "chờ bổ sung thông tin",
    "published": "đã công khai",
    "withheld": "không công khai",
    "decide": "từ chối hoặc chuyển",
    "ask": "yêu cầu bổ sung thông tin",
    "answer": "trả lời",
    "publish": "công khai",
    "law": "theo quy định của pháp luật",
    "scoring": "theo chấm điểm của quốc gia",
}
_RATINGS = {
    "rated": "được đánh giá",
    "very_satisfied": "rất hài lòng",
    "satisfied": "hài lòng",
    "unsatisfied": "không hài lòng",
    "total_time": "thời gian giải quyết",
    "agency_time": "thời gian của từng cơ quan",
    "contacts": "số lần liên hệ để hoàn thiện hồ sơ",
    "agencies_contacted": "số cơ quan phải liên hệ",
    "publicity": "công khai thủ tục hành chính",
    "attitude": "thái độ của công chức",
    "feedback_handling": "xử lý phản ánh, kiến nghị",
    "online_progress": "cung cấp dịch vụ trực tuyến",
}
_WEBHOOKS = {
    "transferred": "chuyển hồ sơ",
    "due_soon": "sắp đến hạn",
    "waiting": "chờ gửi",
    "delivered": "đã gửi tới nơi",
    "dead": "không gửi được",
    "blocked": "bị chặn",
    "taken": "đã nhận",
}
_CATALOGUE = {
    "fields": "lĩnh vực",
    "agencies": "cơ quan",
    "procedures": "thủ tục hành chính",
    "new": "mới",
    "changed": "thay đổi",
    "gone": "không còn công bố",
    "approved": "đã phê duyệt",
    "rejected": "không áp dụng",
    "superseded": "hết giá trị",
}
_RECONCILIATION = {
    "missing": "thiếu",
    "unexpected": "thừa",
    "status": "sai trạng thái",
    "dates": "sai ngày",
    "verdict": "sai kết luận",
    "closed": "hết sai khác",
    "not_compared": "chưa đối soát",
    "never_told": "chưa từng gửi",
    "on_its_way": "đang chờ gửi",
    "lost": "không còn ở cổng",
    "since_compared": "có diễn biến mới sau đối soát",
}
_EXCHANGE = {
    "question": "câu hỏi",
    "agency_question": "câu hỏi của cơ quan",
    "rating_given": "đánh giá ở cổng",
    "agency_answer": "trả lời câu hỏi của cơ quan",
    "rating": "đánh giá",
}
_VERDICTS = {
    "differing": "kết luận khác nhau",
    "late": "quá hạn",
    "all": "tất cả",
    "second_request": "yêu cầu bổ sung hơn một lần",
    "no_date": "không có ngày hẹn trả",
    "hour_of_the_day": "trong ngày hẹn trả, theo giờ hay theo ngày",
    "supplement_wait": "đã bổ sung",
    "payment_wait": "chờ thực hiện nghĩa vụ tài chính",
    "other_date": "theo ngày hẹn khác",
}
_COLUMNS = {
    "code": "mã hồ sơ",
    "legacy_code": "mã hồ sơ ở hệ thống khác",
    "applicant_name": "chủ hồ sơ",
    "accepted_at": "ngày tiếp nhận",
    "max_days": "số ngày nhiều nhất",
    "min_days": "số ngày ít nhất",
}

#: code → Vietnamese
TERMS = MappingProxyType(
    {
        **_CHANNELS,
        **_LEVELS,
        **_STATUSES,
        **_EVENTS,
        **_OUTCOMES,
        **_APPLICANTS,
        **_DOCUMENTS,
        **_DAYS,
        **_FIGURES,
        **_DEFINITIONS,
        **_REPORTS,
        **_ROWS,
        **_SUPPLEMENT_RULES,
        **_UNITS,
        **_CASES,
        **_ACTIONS,
        **_WORKFLOWS,
        **_APOLOGIES,
        **_SENDINGS,
        **_FORMS,
        **_RATINGS,
        **_WEBHOOKS,
        **_PETITIONS,
        **_CATALOGUE,
        **_RECONCILIATION,
        **_EXCHANGE,
        **_VERDICTS,
        **_COLUMNS,
    }
)
#: The same word in every language: no code needs explaining that names a form of file.
FORMATS = frozenset({"json", "csv", "ndjson", "xlsx", "docx", "pdf"})

#: What a value should have been, where that is not a code. English → Vietnamese
EXPECTED = MappingProxyType(
    {
        "integer": "số nguyên",
        "number": "số",
        "true / false": "một trong hai giá trị đúng, sai của JSON",
        "string": "chuỗi ký tự",
        "array": "danh sách",
        "object": "đối tượng JSON",
        "1-200 printable characters": "từ 1 đến 200 ký tự in được",
        "e-mail address": "địa chỉ thư điện tử, không kèm tên",
        "HH:MM": "giờ và phút, ví dụ 07:30",
        "YYYY-MM-DD": "ngày theo dạng năm-tháng-ngày, ví dụ 2019-06-30",
        "a day of the calendar": "một ngày có trong lịch",
        "1-40 of a-z, 0-9 and -": "từ 1 đến 40 chữ cái thường không dấu, chữ số và dấu -, không bắt đầu bằng dấu -",
        "text on both sides of each >": "chữ ở cả hai bên mỗi dấu >",
        "RFC 3339, 2019-07-24T08:00:00+07:00": "thời điểm theo RFC 3339, ví dụ 2019-07-24T08:00:00+07:00",
    }
)
