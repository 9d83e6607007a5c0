"""Why a field is refused: every code a reason can have, in Vietnamese and in English.

A new reason is one line here, among those of its subject. Its code is for programs and stays once it is published.
{name} is filled from the reason's parameters, never from what the client sent: that may hold personal data. What a
code given as a parameter means in Vietnamese stands in `words.py`; the problems that reasons belong to, in
`problems.py`.
"""

from types import MappingProxyType

#: code → (Vietnamese, English)
REASONS = MappingProxyType(
    {
        # what any field, parameter or page may be refused for
        "required": ("bắt buộc phải có", "is required"),
        "no_body": ("thiếu nội dung; cần một đối tượng JSON", "a body is missing: a JSON object is needed"),
        "unknown_parameter": (
            "tham số không có trong giao diện; các tham số được nhận: {expected}",
            "a parameter is not known; the known ones: {expected}",
        ),
        "repeated_parameter": ("chỉ được nêu một lần", "may be given only once"),
        "unknown_field": (
            "có trường không thuộc giao diện; hãy bỏ đi hoặc sửa tên",
            "holds a field that is not known: leave it out, or mind its name",
        ),
        "wrong_type": ("sai kiểu dữ liệu; cần {expected}", "wrong type; {expected} is needed"),
        "invalid_value": ("giá trị không hợp lệ", "invalid value"),
        "too_short": ("quá ngắn; ít nhất {limit} ký tự", "too short; at least {limit} characters"),
        "too_long": ("quá dài; nhiều nhất {limit} ký tự", "too long; at most {limit} characters"),
        "too_many": ("quá nhiều; nhiều nhất {limit}", "too many; at most {limit}"),
        "out_of_range": ("ngoài khoảng cho phép: {limit}", "out of range: {limit}"),
        "not_one_of": ("phải là một trong: {expected}", "must be one of: {expected}"),
        "malformed": ("sai định dạng; cần {expected}", "malformed; {expected} is needed"),
        "without_offset": (
            "thời điểm phải có múi giờ, ví dụ 2019-07-24T08:00:00+07:00",
            "an instant must carry its offset, e.g. 2019-07-24T08:00:00+07:00",
        ),
        "control_characters": (
            "có ký tự điều khiển hoặc ký tự không nhìn thấy; hãy xóa và gõ lại",
            "holds control characters, or such as are not seen: delete and type it anew",
        ),
        "no_letter": ("phải có chữ cái", "must hold a letter"),
        "nothing_to_search": ("phải có chữ cái hoặc chữ số để tìm", "must hold a letter or a digit to search by"),
        "malformed_cursor": (
            "con trỏ trang không hợp lệ; hãy bắt đầu lại từ trang đầu",
            "the page cursor is not valid: start again at the first page",
        ),
        "not_http": (
            "không đọc được yêu cầu; chữ có dấu và dấu cách trong địa chỉ phải được mã hóa, ví dụ %20",
            "the request cannot be read; letters with marks and blanks in its address are encoded, as %20",
        ),
        "not_utf8": ("không phải UTF-8", "is not UTF-8"),
        "masked": ("đã được che một phần; cần giá trị đầy đủ", "is shown in part only: the whole value is needed"),
        "holds_a_number": (
            "có dãy số như số định danh hoặc số điện thoại; lời này được giữ mãi, đừng nêu số của ai",
            "holds what looks like an identity or phone number: it is kept for good, so name nobody's",
        ),
        "changes_nothing": ("không thay đổi gì so với hiện tại", "changes nothing"),
        # instants and their order
        "in_future": ("không được ở tương lai", "must not lie in the future"),
        "in_past": ("không được ở quá khứ", "must not lie in the past"),
        "day_begun": (
            "ngày này đã bắt đầu và đã có hạn được tính theo nó; sớm nhất là {day}",
            "the day has begun, and dates rest on it; the earliest is {day}",
        ),
        "before_submission": ("không được trước lúc nộp", "must not be before submission"),
        "before_acceptance": ("không được trước lúc tiếp nhận", "must not be before acceptance"),
        "after_what_followed": (
            "không được sau việc đã diễn ra tiếp theo với hồ sơ ({at})",
            "must not be after what happened to the dossier next ({at})",
        ),
        "before_finish": ("không được trước lúc xử lý xong", "must not be before the finish"),
        "out_of_order": ("thời điểm không theo thứ tự trước sau", "instants are not in order"),
        "needs_finish": ("cần có thời điểm xử lý xong", "needs the instant of finishing"),
        # who may, and for whom
        "out_of_scope": ("ngoài phạm vi của mã truy cập", "outside the scope of your token"),
        "needs_leader": (
            "cần lãnh đạo của cơ quan đang giữ hồ sơ, hoặc người được lãnh đạo ủy quyền",
            "needs a leader of the holder, or somebody to whom one has delegated it",
        ),
        "agency_or_level": (
            "chỉ nêu cơ quan hoặc cấp, không nêu cả hai",
            "name an agency or a level, not both",
        ),
        # procedures and agencies
        "unknown_procedure": (
            'không có thủ tục mang mã này; tra mã tại "/v1/procedures" của dịch vụ tiếp nhận',
            'no procedure has this code; "/v1/procedures" of intake lists them',
        ),
        "procedure_not_in_force": (
            "thủ tục không có hiệu lực ngày {day}",
            "the procedure was not in force on {day}",
        ),
        "unknown_sector": (
            'không có lĩnh vực mang tên này; tra tên tại "/v1/procedures" của dịch vụ tiếp nhận',
            'no procedure is of this sector; "/v1/procedures" of intake has their names',
        ),
        "unknown_agency": (
            'không có cơ quan mang mã này; tra mã tại "/v1/agencies" của dịch vụ luân chuyển',
            'no agency has this code; "/v1/agencies" of routing lists them',
        ),
        "agency_not_in_force": (
            "cơ quan không hoạt động ngày {day}{successor_vi}",
            "the agency was not in force on {day}{successor_en}",
        ),
        "agency_twice": ("cơ quan này có hai lần trong danh sách", "this agency stands twice in the list"),
        "no_identification_code": (
            'không phải mã định danh điện tử; cần dạng "000.15.21.H50" hoặc "H50.15"',
            "is no identification code; it looks like 000.15.21.H50 or H50.15",
        ),
        "borne_by_another": (
            "cơ quan {other} cũng mang mã định danh này",
            "{other} would have this identification code too",
        ),
        "not_offered_at_level": (
            "thủ tục không được tiếp nhận ở cấp {level} ngày {day}",
            "the procedure is not offered at level {level} on {day}",
        ),
        "channel_not_offered": (
            "thủ tục không nhận qua kênh {channel}",
            "the procedure is not offered through channel {channel}",
        ),
        "unknown_case": (
            "thủ tục không có trường hợp này qua kênh đã chọn; các trường hợp: {expected}",
            "the procedure has no such case on this channel; it has: {expected}",
        ),
        # the working calendar and hours
        "calendar_missing": (
            "chưa có lịch làm việc năm {year}; quản trị viên cần nạp lịch",
            "no working calendar is loaded for {year}; an operator has to load it",
        ),
        "day_repeated": ("ngày này đã có trong danh sách", "this day is listed already"),
        "already_normal": (
            "ngày này không có gì khác với ngày thường trong tuần",
            "this day is already what its weekday says",
        ),
        "make_up_on_weekday": (
            "ngày làm bù phải là thứ Bảy hoặc Chủ nhật",
            "a make-up day worked must be a Saturday or a Sunday",
        ),
        "off_on_weekend": (
            "ngày nghỉ bù, nghỉ hoán đổi phải là ngày từ thứ Hai đến thứ Sáu",
            "a day off in lieu or a swapped day off must be a day from Monday to Friday",
        ),
        "year_without_work": (
            "năm {year} sẽ không còn ngày làm việc nào",
            "no working day would be left in {year}",
        ),
        "not_before_number": ("phải nhỏ hơn số của mốc neo", "must be less than the number of the anchor"),
        "not_stamped": ("chưa có dấu thời gian", "is not stamped yet"),
        "closes_before_opening": ("phải sau giờ bắt đầu", "must be after the opening"),
        "overlaps_block": ("trùng với buổi làm việc khác trong ngày", "overlaps another block of the day"),
        "weekday_without_hours": (
            "các ngày từ thứ Hai đến thứ Sáu (0–4) phải có giờ làm việc; còn thiếu: {weekdays}",
            "each of Monday to Friday (0–4) needs hours; missing: {weekdays}",
        ),
        "outside_hours": ("ngoài giờ làm việc ({hours})", "is outside the working hours ({hours})"),
        "not_a_working_day": ("không phải ngày làm việc", "is not a working day"),
        # a dossier's code and status
        "malformed_code": ("không phải mã hồ sơ", "is not a dossier code"),
        "not_of_this_reception": (
            "mã hồ sơ thuộc cơ quan khác hoặc ngày chưa đến",
            "the code belongs to another agency, or to a day that has not come",
        ),
        "already_used": ("mã này đã thuộc hồ sơ khác", "this code belongs to another dossier"),
        "status": (
            "trạng thái hiện tại: {status_vi}; có thể làm: {allowed}",
            "current status: {status}; what may follow: {allowed}",
        ),
        "no_term": ("hồ sơ không có thời hạn", "the dossier has no term"),
        # supplements, and the rules for them
        "supplement_open": (
            "hồ sơ còn chờ bổ sung thì chưa thể xử lý xong",
            "a dossier that waits for a supplement cannot be finished",
        ),
        "supplement_limit": (
            "chỉ được yêu cầu bổ sung {limit} lần; yêu cầu thêm phải nêu căn cứ pháp lý",
            "a supplement may be asked for {limit_en}; another needs its legal basis",
        ),
        "supplement_late": (
            "chỉ được yêu cầu bổ sung trong {limit} ngày làm việc từ ngày tiếp nhận; muộn hơn phải nêu căn cứ pháp lý",
            "a supplement may be asked for within {limit} working days of reception; later it needs its legal basis",
        ),
        "back_dated": (
            "chỉ được áp dụng từ ngày {day} trở đi; nếu áp dụng cho cả hồ sơ đã tiếp nhận thì phải ghi rõ {flag}",
            "it holds from {day} on; whoever means what was received before as well has to say {flag}",
        ),
        "general_rule_needs_another": (
            "quy định chung không thể kết thúc; hãy nhập quy định thay thế",
            "the general rule does not end: enter the one that takes its place",
        ),
        "ended_before": ("đã kết thúc ngày {day}", "has ended on {day}"),
        # what a procedure asks for
        "listed_then": (
            "từ ngày {day} đã có danh sách thành phần hồ sơ; hồ sơ đã nộp giữ danh sách của ngày nộp",
            "a list holds from {day} on already: what was handed in under it keeps it",
        ),
        "component_twice": (
            "mã hoặc tên này trùng với một thành phần đứng trước",
            "an earlier component has this code or name",
        ),
        "component_form_twice": ("mỗi hình thức chỉ nêu một lần", "each form stands once"),
        "component_of_results": (
            "đây là tên dành cho kết quả giải quyết của cơ quan",
            "this is what the agency's own result is called",
        ),
        # what the national database needs of a dossier's papers
        "national_components": (
            "chưa nhập thành phần hồ sơ của thủ tục cho ngày nộp; chưa biết mã thành phần của từng tệp",
            "what the procedure asked for on that day was not entered: no file has the code of a component",
        ),
        "national_not_said": (
            "chưa có ai đánh dấu; cơ sở dữ liệu quốc gia cần giá trị này",
            "nobody has said, and the national database needs it",
        ),
        "national_no_address": (
            'chưa có địa chỉ để cơ sở dữ liệu quốc gia tải tệp: đặt "MOTCUA_FILES_ADDRESS" và "MOTCUA_FILES_LINK_KEY"',
            "there is no address at which the national database fetches files: set MOTCUA_FILES_ADDRESS and"
            " MOTCUA_FILES_LINK_KEY",
        ),
        "national_no_result": (
            "chưa ghi nhận văn bản kết quả",
            "no result is recorded",
        ),
        "national_not_the_agencys": (
            "tệp không phải là kết quả do cơ quan gửi, hoặc không còn",
            "the file is none that the agency sent as a result, or is there no more",
        ),
        "national_erased": (
            "dữ liệu cá nhân của hồ sơ đã được xóa theo quyết định",
            "the dossier's personal data were erased by a decision",
        ),
        # extensions and apologies
        "extended_before": ("chỉ được hẹn lại một lần", "a new date may be appointed only once"),
        "extension_late": (
            "phải xin lỗi và hẹn lại chậm nhất 1 ngày trước khi hết hạn ({due})",
            "an apology with a new date is due at latest one day before the term ends ({due})",
        ),
        "not_later": ("phải sau ngày hẹn trả hiện tại ({due})", "must be later than the date as it stands ({due})"),
        "already_past": ("không được trước thời điểm xin lỗi", "must not lie before the apology"),
        "not_overdue": ("hồ sơ không quá hạn", "the dossier is not late"),
        "finished_before": (
            "hồ sơ đã xử lý xong, không còn gì để hẹn lại",
            "the dossier is finished: there is nothing left to appoint",
        ),
        "only_with_overdue": (
            "chỉ thư xin lỗi vì quá hạn mới hẹn lại ngày trả",
            "only an apology for lateness appoints a new date",
        ),
        "one_stop_moves_the_date": (
            "chỉ bộ phận một cửa được điều chỉnh ngày hẹn trả",
            "only the one-stop moves the applicant's date",
        ),
        "before_apology": ("không được trước thời điểm xin lỗi", "must not be before the apology"),
        "before_sending": ("không được trước lúc gửi", "must not be before it was sent"),
        "not_sent": ("thư xin lỗi chưa được gửi", "the apology was not sent yet"),
        "proposal_open": (
            "đang có đề nghị gia hạn chưa được xem xét; hãy chấp nhận hoặc từ chối đề nghị đó trước",
            "a proposal to extend waits for a decision: accept or reject it first",
        ),
        "unknown_proposal": ("không có đề nghị gia hạn mang số này", "there is no such proposal"),
        "proposal_decided": ("đề nghị gia hạn này đã được xem xét", "this proposal was decided before"),
        "not_with_proposal": (
            "không gửi kèm khi chấp nhận đề nghị gia hạn: nội dung lấy từ đề nghị",
            "is not sent when a proposal is accepted: it comes from the proposal",
        ),
        # forms and ledgers
        "forms_of_the_dossier": ("hồ sơ hiện có các mẫu: {available}", "the dossier has: {available}"),
        "editions_of_the_form": ("mẫu này mới có đến lần {limit}", "the newest edition of this form is {limit}"),
        "receipt_awaits_routing": (
            "hồ sơ liên thông đang được mở; giấy sẽ có thời gian của cơ quan tiếp nhận; cần in ngay thì chọn {edition}",
            "routing is opening the case; the receipt will have the receiving unit's date; to print it now, ask for"
            " {edition}",
        ),
        "no_form_in_law": (
            "không có mẫu nào được quy định vào ngày {day}",
            "no circular had such a form on {day}",
        ),
        "ledger_too_long": (
            "sổ có nhiều hơn {limit} hồ sơ; hãy chọn kỳ ngắn hơn hoặc đơn vị nhỏ hơn",
            "the ledger has more than {limit} dossiers: choose a shorter period, or a smaller agency",
        ),
        # files of dossiers
        "file_type_not_accepted": (
            "không nhận loại tệp này; chỉ nhận: {expected}",
            "files of this kind are not taken; only: {expected}",
        ),
        "file_declared_otherwise": (
            'nội dung gửi lên phải là chính tệp; hãy gửi với "application/octet-stream", hoặc đúng kiểu của tệp;'
            " chỉ nhận: {expected}",
            'the body has to be the file itself: send it as "application/octet-stream", or as what it is; taken are:'
            " {expected}",
        ),
        "file_there_already": (
            "hồ sơ đã có tệp có nội dung này: {file}; tệp đó không thể là bản mới của tệp khác",
            "the dossier has a file of this content, {file}, which cannot be a newer version of another",
        ),
        "file_not_whole": (
            "tệp bị cắt cụt, bị hỏng hoặc có đặt mật khẩu; hãy gửi bản đầy đủ, không khóa; chỉ nhận: {expected}",
            "the file is cut off, damaged, or locked with a password: send it whole and open; taken are: {expected}",
        ),
        "file_not_as_declared": (
            "không khớp với nội dung tệp; nội dung là {expected}",
            "contradicts the file's content, which is {expected}",
        ),
        "file_empty": ("tệp rỗng", "the file is empty"),
        "file_too_large": ("tệp lớn hơn {limit} byte", "the file is larger than {limit} bytes"),
        "files_under_way": (
            "đang có nhiều tệp được gửi cùng lúc (nhiều nhất {limit}); hãy thử lại sau",
            "too many files are being sent at once (at most {limit}): try again later",
        ),
        "no_place_for_files": (
            "hệ thống chưa được đặt nơi lưu tệp; hãy báo người vận hành",
            "no place for files is set: tell the operator",
        ),
        "files_unreachable": (
            "nơi lưu tệp tạm thời không trả lời; hãy thử lại",
            "the place of files does not answer: try again",
        ),
        "code_not_national": (
            "khi mã hồ sơ này được cấp, cơ quan chưa có mã định danh điện tử",
            "the agency had no identification code when the dossier's code was issued",
        ),
        "national_number_sealed": (
            "không mở được số giấy tờ của chủ hồ sơ: thiếu khóa mã hóa",
            "the applicant's number cannot be opened: its key is missing",
        ),
        "national_not_written": (
            "hệ thống không lập được thông điệp cho hồ sơ này; hãy báo người vận hành",
            "the message of this dossier could not be written: tell the operator",
        ),
        "national_not_accepted": (
            "hồ sơ nộp trực tuyến chưa được tiếp nhận nên chưa có mã hồ sơ",
            "it was handed in online and is not accepted: it has no code yet",
        ),
        # the national catalogue
        "national_not_set": (
            "chưa cài đặt kết nối tới cơ sở dữ liệu quốc gia",
            "no national database is set",
        ),
        "national_synthetic": (
            "bản cài đặt này có hồ sơ mẫu, không phải hồ sơ thật; không gửi gì lên cơ sở dữ liệu quốc gia",
            "this installation holds made-up dossiers: nothing is told of them",
        ),
        "exchange_not_an_object": ("không phải một mục có các trường", "is no entry with fields"),
        "exchange_no_id": ("thiếu mã, hoặc mã không đọc được", "has no id, or none that can be read"),
        "exchange_no_text": ("không có nội dung", "says nothing"),
        "exchange_level": ("không đọc được mức đánh giá", "the level cannot be read"),
        "exchange_words_erased": (
            "nội dung đã được xóa theo quyết định trước khi gửi; không gửi câu trả lời rỗng",
            "its words were erased by a decision before it was sent: an empty answer is not sent",
        ),
        "exchange_answered_there": ("đã có câu trả lời ở cổng", "it has an answer at the portal"),
        "exchange_rated_here": ("hồ sơ đã được đánh giá ở tỉnh", "the dossier was rated here"),
        "exchange_not_rateable": (
            "hồ sơ chưa kết thúc, hoặc dữ liệu cá nhân đã được xóa",
            "the dossier has not ended, or its personal data were erased",
        ),
        "round_under_way": ("một lần đối soát đang chạy", "a reconciliation is under way"),
        "pull_under_way": (
            'đang đọc danh mục quốc gia; đọc đến đâu thì xem tại "/v1/catalogue/pulls"',
            'the national catalogue is being read; "/v1/catalogue/pulls" says how far it is',
        ),
        "proposal_outdated": (
            "thủ tục của tỉnh đã thay đổi sau khi lập đề xuất này; hãy đọc lại danh mục quốc gia",
            "ours has changed since this was proposed: read the national catalogue again",
        ),
        "proposal_not_waiting": (
            "đề xuất này đã được quyết định hoặc không còn giá trị",
            "this proposal was decided, or holds no more",
        ),
        "version_then": (
            "đã có phiên bản khác của thủ tục bắt đầu từ ngày {day}",
            "another version of the procedure begins on {day}",
        ),
        "not_in_the_catalogue": (
            "danh mục quốc gia không có mã này",
            "the national catalogue does not have this code",
        ),
        "mapped_already": ("mã này đã được dùng cho {other}", "{other} is called so already"),
        "catalogue_not_an_object": ("không phải một mục có các trường", "is no entry with fields"),
        "catalogue_code": ("thiếu mã, hoặc mã không đúng mẫu", "has no code, or none of its form"),
        "catalogue_name": ("thiếu tên, hoặc tên không đọc được", "has no name, or none that can be read"),
        "catalogue_code_twice": (
            "mã này đứng ở hai mục có tên khác nhau",
            "two entries with other names have this code",
        ),
        "catalogue_shrunk": (
            "danh sách thiếu {count} trong {known} mục so với lần trước: coi như chưa đọc được hết",
            "{count} of {known} entries are missing at once: it was cut off, and nothing of it is taken for gone",
        ),
        "catalogue_not_found": ("không đọc được nội dung của thủ tục", "nothing is told of the procedure"),
        "catalogue_other_procedure": (
            "nội dung trả về là của thủ tục khác",
            "what is told is of another procedure",
        ),
        "catalogue_channel": ("cách thức thực hiện không rõ", "the way to hand in is none that is known"),
        "catalogue_term": ("không đọc được thời hạn", "the term cannot be read"),
        "catalogue_several_of_ours": (
            "nhiều thủ tục của tỉnh có cùng mã quốc gia ({codes}); hãy nhập mã tương ứng",
            "several procedures here have this national number ({codes}): say which it is",
        ),
        "catalogue_no_sector": (
            "danh mục quốc gia chưa nêu lĩnh vực của thủ tục",
            "the national catalogue names no sector of the procedure",
        ),
        "message_not_stuck": (
            "thông điệp này không bị dừng: đang chờ gửi hoặc đã được nhận",
            "this message is not stuck: it waits, or it is taken",
        ),
        "national_field_missing": (
            "cơ sở dữ liệu quốc gia cần trường này mà hồ sơ không có",
            "the national database needs this field, and the dossier does not have it",
        ),
        "national_refused": (
            "cơ sở dữ liệu quốc gia từ chối, mã {code}",
            "the national database refuses it, code {code}",
        ),
        "file_missing": (
            "nội dung tệp không còn ở nơi lưu; hãy báo người vận hành",
            "the file's content is no more where it was kept: tell the operator",
        ),
        "unknown_file": ("hồ sơ không có tệp này", "the dossier has no such file"),
        "file_replaced_already": (
            "tệp này đã có bản mới hơn; hãy thay bản mới nhất",
            "the file has a newer version: replace that one",
        ),
        "result_is_the_agencys": (
            "kết quả giải quyết do cơ quan gửi; hãy ghi tên giấy tờ bạn nộp",
            "the result is the agency's to send: say which paper of yours it is",
        ),
        "marks_are_the_agencys": (
            "số hóa, tái sử dụng do cơ quan tiếp nhận đánh dấu",
            "what was digitised or reused, the agency says",
        ),
        "too_many_marks": (
            "tệp này đã được đánh dấu {limit} lần, không đánh dấu thêm được nữa",
            "the file was marked {limit} times, the most",
        ),
        "file_is_no_result": (
            "tệp này không được gửi làm kết quả; hãy gửi với thành phần {component}",
            "the file was not sent as a result: send it as component {component}",
        ),
        "result_replaced": (
            "tệp này đã có bản mới hơn; hãy nêu bản mới nhất",
            "the file has a newer version: name that one",
        ),
        "result_correction": (
            "đã ghi nhận kết quả; sửa lại phải nêu lý do",
            "a result is recorded already: whoever corrects it says why",
        ),
        "result_stays_one": (
            "bản mới của kết quả cũng phải là kết quả, và chỉ kết quả mới thay được kết quả",
            "a newer version of a result is a result, and nothing else is",
        ),
        "too_many_files": ("hồ sơ đã có {limit} tệp, không thêm được nữa", "the dossier has {limit} files, the most"),
        "unknown_dossier": ("không có hồ sơ mang mã này", "no dossier has this code"),
        "petition_state": (
            "phản ánh, kiến nghị đang ở trạng thái {state}; có thể làm: {allowed_vi}",
            "the petition is in state {state}; what may follow: {allowed}",
        ),
        "names_the_petitioner": (
            "có tên, số điện thoại hoặc địa chỉ của người phản ánh; nội dung công khai không được nêu",
            "holds the petitioner's name, phone or address: what is published may not",
        ),
        "rating_stands": (
            "đã hết thời gian thay đổi; đánh giá được giữ nguyên",
            "the days in which it could be changed are over: it stands",
        ),
        "personal_data_erased": (
            "dữ liệu cá nhân của hồ sơ đã được xóa theo quyết định; không ghi thêm gì vào hồ sơ",
            "the dossier's personal data were erased by a decision: nothing is added to it",
        ),
        # imports
        "imports_under_way": (
            "đang có {limit} lượt nhập chạy; hãy thử lại sau",
            "{limit} imports are running: try again later",
        ),
        "no_records": (
            "tệp không có bản ghi nào; không có gì được nhập",
            "the file holds no record; nothing was imported",
        ),
        "missing_columns": ("dòng tiêu đề thiếu cột {columns}", "the header lacks {columns}"),
        "unknown_columns": (
            'dòng tiêu đề có cột lạ (tệp xuất của hệ thống khác cần tệp ánh xạ: "docs/move.md"), ở vị trí: {positions}',
            'the header has columns that are not known (an export of another system needs a mapping: "docs/move.md"),'
            " in place: {positions}",
        ),
        "repeated_columns": (
            "dòng tiêu đề có cột lặp lại, ở vị trí: {positions}",
            "the header repeats columns, in place: {positions}",
        ),
        "wrong_columns": ("số cột khác với dòng tiêu đề", "the number of columns differs from the header"),
        "not_json_object": ("dòng không phải một đối tượng JSON", "the line is not a JSON object"),
        "line_too_long": ("dòng dài quá {limit} byte", "the line is longer than {limit} bytes"),
        "quote_not_closed": (
            "dấu ngoặc kép mở ở dòng {line} không được đóng ở cuối ô; từ dòng {first} đến dòng {last}"
            " bị coi là một bản ghi",
            "a quote opened on line {line} is not closed at the end of its cell; lines {first} to {last} were taken for"
            " one record",
        ),
        "lines_as_one": (
            "ô trong dấu ngoặc kép nối từ dòng {first} đến dòng {last} thành một bản ghi",
            "a quoted cell joins lines {first} to {last} into one record",
        ),
        "repeated_in_file": (
            "mã này đã có ở một dòng trước với nội dung khác",
            "an earlier line has this code with other content",
        ),
        "changed_since_import": (
            "bản ghi này đã được nhập trước đây; nội dung nay không nối tiếp hồ sơ đang có ở đây, hoặc ở đây đã có"
            " người xử lý hồ sơ",
            "this record was imported before; what it says now does not continue the dossier here, or somebody works on"
            " it here",
        ),
        "applicant_changed": (
            "người nộp khác với hồ sơ đã nhập; sửa hồ sơ ở đây cho khớp rồi nhập lại",
            "another applicant than was imported: correct the dossier here likewise, and import it again",
        ),
        # many actions in one call
        "repeated_in_call": ("hồ sơ này đã có ở một mục trước của lần gọi", "an earlier item of this call has it"),
        # reorganisations
        "never_applied": (
            "không bao giờ được áp dụng: {rule} đứng trước đã bao gồm mọi hồ sơ của mục này",
            "would never be applied: {rule}, which stands before it, takes all that it is about",
        ),
        "receiver_twice": ("mỗi cơ quan nhận chỉ nêu một lần trong một mục", "a rule names each receiver only once"),
        # webhooks
        "target_malformed": (
            'phải có dạng "https://may.example.vn/duong-dan", nhiều nhất 1000 ký tự, không kèm tên đăng nhập, không có'
            " phần sau dấu thăng",
            'must be written like "https://host.example/path": 1000 characters at most, no credentials, no fragment',
        ),
        "target_host_not_plain": (
            "tên máy chủ viết không rõ: dùng chữ không dấu, chữ số, dấu gạch nối và dấu chấm, không có dấu chấm ở cuối;"
            ' địa chỉ bằng số thì viết bốn số thập phân; tên có dấu thì viết dạng "xn--"',
            "its host is not written plainly: letters of ASCII, digits, hyphens and dots, none at the end; an address"
            " as four decimal numbers; an international name as xn--",
        ),
        "target_not_secure": ('phải bắt đầu bằng "https://"', 'must begin with "https://"'),
        "target_port_not_allowed": ("không được gửi tới cổng này", "nothing is sent to this port"),
        "target_not_allowed": (
            "máy chủ này không có địa chỉ mà hệ thống được phép gửi tới",
            "its host has no address to which this installation may send",
        ),
        "keys_missing": (
            "hệ thống chưa có khóa để niêm phong mã ký; hãy báo người vận hành",
            "the installation has no key to seal a secret under: tell the operator",
        ),
        "too_many_webhooks": (
            "đã có {limit} nơi nhận thông báo, không thêm được nữa",
            "there are {limit} webhooks, the most",
        ),
        "webhook_not_active": (
            "nơi nhận thông báo đang tạm ngừng; hãy cho nhận lại trước",
            "the webhook is paused or disabled: resume it first",
        ),
        "test_under_way": ("một thông báo thử đang chờ gửi", "a test message is still waiting"),
        "delivery_not_dead": (
            "chỉ gửi lại thông báo không gửi được",
            "only a message that was given up is sent again",
        ),
        # cases and hand-overs
        "not_the_holder": ("cơ quan này không đang giữ hồ sơ", "this agency does not hold the dossier"),
        "case_over": (
            "hồ sơ không còn ở khâu xử lý: đã báo xử lý xong hoặc đã kết thúc",
            "nothing is left to do: the finish is reported, or the dossier has ended",
        ),
        "already_the_holder": (
            "cơ quan và bộ phận này đang giữ hồ sơ",
            "this agency and desk hold the dossier already",
        ),
        "not_the_receiver": (
            "chỉ cơ quan được giao hồ sơ mới được trả lời lần chuyển này",
            "only the agency that was given the dossier answers this hand-over",
        ),
        "not_the_giver": (
            "chỉ cơ quan đã giao hồ sơ mới được thu hồi",
            "only the agency that gave the dossier may recall it",
        ),
        "before_hand_over": ("không được trước lúc giao hồ sơ", "must not be before the hand-over"),
        "received_before": ("bên nhận đã nhận hồ sơ lúc {at}", "the receiver received it at {at}"),
        "declined_before": ("bên nhận đã từ chối nhận lúc {at}", "the receiver declined it at {at}"),
        "recalled_before": ("bên giao đã thu hồi lúc {at}", "the giver recalled it at {at}"),
        "sent_back_before": ("bên nhận đã trả lại bên giao lúc {at}", "the receiver returned it at {at}"),
        "no_answer_awaited": (
            "lần chuyển này không chờ trả lời",
            "no answer to this hand-over is awaited",
        ),
        "not_received_yet": (
            "hồ sơ chưa được nhận: hãy nhận, hoặc từ chối nhận",
            "it is not received yet: receive it, or decline it",
        ),
        "returned_to_you": (
            "hồ sơ bị trả lại thì bên giao phải nhận lại",
            "what is returned has to be taken back",
        ),
        "finish_refused": (
            "bộ phận một cửa không ghi nhận kết thúc xử lý, với mã {code}",
            "the one-stop does not take the finish, with the code {code}",
        ),
        # assignments and delegations
        "nothing_assigned": (
            "phải nêu người được phân công hoặc bộ phận",
            "name an assignee or a desk",
        ),
        "assigned_so": ("hồ sơ đang được phân công như vậy", "it is assigned so already"),
        "delegate_is_delegator": ("không thể tự ủy quyền cho mình", "nobody delegates to oneself"),
        "delegation_overlaps": (
            "người này đã được ủy quyền ở cơ quan này trong khoảng thời gian đó",
            "within that period this person has a delegation of this agency already",
        ),
        "delegation_over": ("ủy quyền này đã chấm dứt", "this delegation is over already"),
        # reorganisations
        "no_open_dossier": (
            "không có hồ sơ đang giải quyết mang mã này",
            "no open dossier has this code",
        ),
        "not_a_successor": (
            "không phải đơn vị kế thừa; nếu vẫn giao thì phải nêu lý do",
            "is not a successor; if it is to take over all the same, say why",
        ),
        # workflows
        "agency_or_relation": (
            "phải nêu mã cơ quan hoặc quan hệ của cơ quan với hồ sơ, không nêu cả hai",
            "needs an agency's code or its relation to the dossier, not both",
        ),
        "one_agency_only": (
            "quy trình nội bộ chỉ gồm các bộ phận của cơ quan tiếp nhận",
            "an internal process has only desks of the agency that received the dossier",
        ),
        "department_by_name": (
            "nêu tên sở khi và chỉ khi quan hệ là sở",
            "a department's name goes with the relation department, and only with it",
        ),
        "unknown_step": (
            "chờ một bước không có; có {limit} bước",
            "waits for a step that is not there; there are {limit}",
        ),
        "steps_in_a_circle": ("các bước chờ lẫn nhau: {steps}", "the steps wait for each other: {steps}"),
        "unreachable_step": (
            "không bao giờ tới bước này, vì các bước trước chờ lẫn nhau: {steps}",
            "is never reached, for steps before it wait for each other: {steps}",
        ),
        "no_lead": ("phải có một cơ quan chủ trì", "needs a lead agency"),
        "two_leads": (
            "chỉ có một cơ quan chủ trì; bước {step} đã có cơ quan khác",
            "there is one lead agency; step {step} has another",
        ),
        "path_exceeds_term": (
            "các bước {path} cộng lại {total} giờ làm việc, quá thời hạn của thủ tục là {term} giờ làm việc",
            "steps {path} add up to {total} working hours, more than the procedure's term of {term} working hours",
        ),
        "not_after_version": (
            "phải sau ngày phiên bản trước có hiệu lực ({day})",
            "must be after the day on which the version before began to hold ({day})",
        ),
        "other_place": (
            "phiên bản trước áp dụng cho nơi khác; hãy dùng mã khác cho quy trình của nơi này",
            "the version before holds at another place: give the workflow of this place a code of its own",
        ),
        "unknown_department": (
            "không có sở nào mang tên này ngày {day}",
            "no department had this name on {day}",
        ),
        "nothing_above": (
            "cơ quan này không có cơ quan cấp trên ngày {day}",
            "no agency stood above it on {day}",
        ),
        "ends_within": (
            "cơ quan chỉ hoạt động đến ngày {day} và không có một đơn vị kế thừa duy nhất",
            "the agency ends on {day}, and no one agency takes over from it",
        ),
        "no_agency_of_level": (
            "ngày {day} không có cơ quan nào của cấp này đang hoạt động",
            "no agency of this level is in force on {day}",
        ),
        "workflow_overlaps": (
            "quy trình {code} đã áp dụng cho thủ tục này ở nơi này trong thời gian đó",
            "workflow {code} holds for this procedure at this place in that period",
        ),
        # a workflow's segments, and opinions
        "not_at_work": (
            "cơ quan này không giữ hồ sơ, cũng không có phần việc đang làm",
            "this agency neither holds the dossier nor has a share of it to work on",
        ),
        "asks_itself": ("không lấy ý kiến của chính mình", "does not ask itself"),
        "instant_or_allotment": (
            "phải nêu thời điểm hoặc số giờ, số ngày làm việc, không nêu cả hai",
            "needs an instant or a number of working hours or days, not both",
        ),
        "not_asked": ("không lấy ý kiến của cơ quan này", "this agency was not asked"),
        "opinion_answered": ("đã trả lời rồi", "it was answered before"),
        "not_your_segment": (
            "phần việc này của cơ quan khác",
            "this share of the work is another agency's",
        ),
        "segment_over": ("phần việc này đã xong", "this share of the work is over"),
        "segment_waits": (
            "phần việc này chưa bắt đầu; còn chờ bước {steps}",
            "this share of the work has not begun; it waits for step {steps}",
        ),
        # reports
        "not_published_yet": ("được công bố từ ngày {day}", "is published from {day} on"),
        "period_reversed": (
            "ngày đầu kỳ sau ngày cuối kỳ; hãy xem lại hai ngày",
            "the period ends before it begins: mind the two days",
        ),
        "period_in_future": (
            "kỳ báo cáo vượt quá ngày hôm nay; ngày cuối cùng có thể hỏi là {day}",
            "the period reaches into the future; the last day that can be asked for is {day}",
        ),
        "too_long_for_format": (
            "bảng quá dài cho định dạng này (nhiều nhất {limit} dòng); định dạng chứa được: {formats}; hoặc chọn kỳ "
            "ngắn hơn, đơn vị nhỏ hơn",
            "the table is too long for this format (at most {limit} rows): {formats} can hold it, or choose a shorter "
            "period, a smaller agency",
        ),
        "unknown_form": ("không có mẫu biểu này; hiện có: {expected}", "there is no such form; there are: {expected}"),
        "headings_count": ("cần đúng {limit} tiêu đề cột", "{limit} headings of columns are needed"),
        "period_or_days": (
            'phải nêu kỳ báo cáo: "period", hoặc "from" và "to"',
            'name the period: "period", or "from" and "to"',
        ),
        "period_or_days_only": (
            'chỉ nêu "period", hoặc "from" và "to", không nêu cả hai',
            'name "period", or "from" and "to", not both',
        ),
        "period_too_long": (
            "kỳ báo cáo dài quá {limit} tháng; hãy chọn kỳ ngắn hơn",
            "the period is longer than {limit} months: choose a shorter one",
        ),
        "month_not_ended": (
            "số liệu của một tháng chỉ có sau khi tháng kết thúc; tháng cuối đã kết thúc: {expected}",
            "figures of a month are there once it has ended; the last one that has: {expected}",
        ),
        "no_rule_version": (
            'chưa có bộ chỉ số nào có hiệu lực ngày {day}; để tính thử, nêu "rules": {expected}',
            'no index was in force on {day}; for a trial, name "rules": {expected}',
        ),
        "unknown_rule_version": ("không có bản quy tắc này; có: {expected}", "no such version; there are: {expected}"),
        "period_absurd": ("phải trong khoảng {limit}", "must lie within {limit}"),
        "period_in_two_years": (
            "kỳ phải nằm trong một năm (theo cách cắt tháng đã chọn): bộ chỉ số là của mười hai tháng trong năm",
            "the period must lie within one year, as its months are cut: the index is of the twelve months of a year",
        ),
        "month_not_within": (
            "tháng này không nằm trong kỳ; cần {expected}",
            "this month does not lie within the period; {expected} is needed",
        ),
        "grouping_repeated": ("mỗi cách nhóm chỉ nêu một lần", "names a grouping twice"),
        "groupings_too_many": ("nhiều nhất {limit} cách nhóm lồng nhau", "nests {limit} groupings at most"),
        "tree_is_outermost": (
            '"tree" phải đứng đầu: các dòng của nó đã là cây cơ quan',
            "tree comes first: its rows are the tree of agencies already",
        ),
        "agency_or_tree": (
            'chỉ nêu "agency" hoặc "tree": cả hai là cùng những đơn vị',
            "agency or tree, not both: they are the same units",
        ),
        "grouping_says_nothing": (
            "{inner} không thể nằm trong {outer}: mỗi dòng của {outer} chỉ có một {inner}",
            "{inner} does not stand within {outer}: a row of {outer} has one {inner} only",
        ),
        "grouping_the_other_way": (
            "hãy đặt {inner} bên ngoài {outer}",
            "put {inner} outside {outer}",
        ),
        "pages_in_json_only": (
            'chỉ dùng với "format=json": ở định dạng khác, toàn bộ danh sách được trả một lần',
            'only with "format=json": other formats give all of it at once',
        ),
        "too_many_rows": (
            "báo cáo có hơn {limit} dòng; hãy chọn đơn vị nhỏ hơn, kỳ ngắn hơn hoặc ít cách nhóm hơn",
            "the report has more than {limit} rows: choose a smaller agency, a shorter period or fewer groupings",
        ),
        "not_within_agency": (
            "đơn vị này không thuộc cơ quan được hỏi",
            "this unit does not belong to the agency that is asked for",
        ),
        "as_of_in_future": ("thời điểm chốt không được ở tương lai", "as_of must not lie in the future"),
        # sealed editions of reports
        "unknown_edition": (
            'không có bản chốt mang số này; tra số tại "/v1/reports/editions"',
            'there is no such edition; "/v1/reports/editions" lists them',
        ),
        "edition_of_another_report": (
            'bản chốt này là của báo cáo khác, hoặc cơ quan, kỳ, cách nhóm khác; tra số tại "/v1/reports/editions"',
            "this edition is of another report, or of another agency, period or grouping",
        ),
        "corrected_by_edition": (
            "bản chốt này đã được đính chính bằng bản chốt {number}; hãy đính chính bản đó",
            "edition {number} corrects it already: correct that one",
        ),
        "sealed_as_edition": (
            "báo cáo này đã được chốt, bản đang có hiệu lực là bản chốt {number}; muốn chốt lại thì đính chính bản đó"
            " và nêu lý do",
            "this report is sealed, and edition {number} holds: to seal it anew, correct that one and say why",
        ),
        "only_with_correction": ("chỉ gửi kèm khi đính chính một bản chốt", "goes only with the edition it corrects"),
        "content_encoding": (
            "không nhận nội dung nén; hãy gửi nguyên văn",
            "compressed bodies are not taken: send it as it is, without Content-Encoding",
        ),
        "repeated_name": (
            "một đối tượng JSON có hai trường cùng tên",
            "an object of the JSON has the same name twice",
        ),
        "edition_was_changed": (
            "bản chốt {number} đã bị sửa sau khi chốt nên không in được; hãy nhờ người vận hành kiểm chứng",
            "edition {number} was changed after it was sealed, and is not printed: have the operator verify it",
        ),
        "of_another_report": ("chỉ dùng cho báo cáo: {expected}", "is asked of another report only: {expected}"),
        "not_sealable_by_officer": (
            "báo cáo theo cán bộ không chốt được: ai đang giữ hồ sơ không nằm trong nhật ký sự kiện",
            "a report by officer cannot be sealed: who holds a dossier is not in the event log",
        ),
        # why a token opens nothing; in a header too, so in English without quotes
        "token_malformed": ("mã truy cập sai định dạng hoặc không được ký", "the token is no well-formed signed JWT"),
        "token_of_another_kind": (
            "đây không phải mã truy cập dạng mang theo: sai loại, có phần mở rộng, hoặc gắn với khóa của máy khách",
            "this is no bearer access token: of another type, with extensions, or bound to a key of the client",
        ),
        "token_issuer": ("bên cấp mã truy cập không được tin cậy", "the issuer of the token is not trusted here"),
        "token_algorithm": (
            "thuật toán ký không được chấp nhận cho bên cấp mã này",
            "the signature algorithm is not accepted of this issuer",
        ),
        "token_key": (
            "bên cấp mã không có khóa nào như mã truy cập nêu",
            "the issuer has no key such as the token names",
        ),
        "token_signature": ("chữ ký của mã truy cập không đúng", "the signature of the token is wrong"),
        "token_expired": ("mã truy cập đã hết hạn", "the token has expired"),
        "token_not_yet": ("mã truy cập chưa có hiệu lực", "the token is not valid yet"),
        "token_audience": ("mã truy cập không được cấp cho hệ thống này", "the token is meant for another audience"),
        "token_subject": ("mã truy cập không nêu người giữ hợp lệ", "the token names no valid subject"),
        "token_role": (
            "mã truy cập không nêu đúng một vai trò mà bên cấp mã này được cấp",
            "the token does not carry exactly one role that this issuer may give",
        ),
        "token_client": (
            "mã của ứng dụng máy được cấp cho một người đăng nhập, hoặc nêu hai ứng dụng",
            "the token of a machine client was issued to a person, or names two clients",
        ),
    }
)
