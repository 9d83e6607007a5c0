"""What `--help` says of each option, in Vietnamese: a terminal that speaks English reads it where the option stands."""

from types import MappingProxyType

#: (English, Vietnamese)
_WORDS = (
    # of several commands
    (
        "Show this message and exit.",
        "Hiện hướng dẫn này.",
    ),
    (
        "Where the embedded database, keys and addresses are kept",
        "Nơi giữ cơ sở dữ liệu nhúng, khóa và địa chỉ",
    ),
    (
        "Where the file goes; the terminal unless given",
        "Ghi vào tệp nào; không nêu thì ra màn hình",
    ),
    (
        "Agency code, with all under it; the whole province unless given: 45 until 30/6/2025, 44 since",
        "Mã cơ quan, gồm cả các đơn vị trực thuộc; không nêu thì toàn tỉnh: 45 đến 30/6/2025, 44 từ sau đó",
    ),
    (
        "First day, YYYY-MM-DD",
        "Ngày đầu kỳ, dạng năm-tháng-ngày",
    ),
    (
        "Last day",
        "Ngày cuối kỳ",
    ),
    (
        "Instead of --from and --to: 2019, 2019-H1, 2019-Q2, 2019-06",
        "Thay cho --from và --to: 2019, 2019-H1, 2019-Q2, 2019-06",
    ),
    (
        "How months are cut: calendar; 15-14, 21-20: from the 15th or 21st of the month before to the 14th or 20th",
        "Cách cắt tháng: calendar (dương lịch); 15-14, 21-20: từ ngày 15 hoặc 21 tháng trước đến ngày 14 hoặc 20",
    ),
    (
        "The units as they were then, or on the map of today: then, today",
        "Theo đơn vị trong kỳ hoặc đơn vị hiện nay: then, today",
    ),
    (
        "table, json; table, or what the file's name ends with",
        "table, json; nếu không nêu thì theo phần cuối của tên tệp, không có tệp thì table",
    ),
    (
        "table, json, csv, xlsx, docx, pdf; table, or what the file's name ends with",
        "table, json, csv, xlsx, docx, pdf; nếu không nêu thì theo phần cuối của tên tệp, không có tệp thì table",
    ),
    (
        "csv, json, xlsx, docx, pdf; csv, or what the file's name ends with",
        "csv, json, xlsx, docx, pdf; nếu không nêu thì theo phần cuối của tên tệp, không có tệp thì csv",
    ),
    (
        "json, csv, xlsx, docx, pdf; json, or what the file's name ends with",
        "json, csv, xlsx, docx, pdf; nếu không nêu thì theo phần cuối của tên tệp, không có tệp thì json",
    ),
    (
        "An instant, RFC 3339: as was recorded then",
        "Thời điểm theo RFC 3339: số liệu như đã ghi nhận lúc đó",
    ),
    (
        "table, json",
        "table, json",
    ),
    # reports
    (
        "ii-06a: under which form; 07a-btp is in use in 2026",
        "ii-06a: theo mẫu biểu nào; năm 2026 dùng 07a-btp",
    ),
    (
        "ii-06a: agency, sector",
        "ii-06a: mỗi dòng là một cơ quan (agency) hay một lĩnh vực (sector)",
    ),
    (
        "ii-06a: where dossiers in term that wait for a supplement are counted: 12, 9",
        "ii-06a: hồ sơ trong hạn đang chờ bổ sung được đếm ở cột nào: 12, 9",
    ),
    (
        "ii-06a: to whom it is sent",
        "ii-06a: nơi nhận báo cáo",
    ),
    (
        "First day, YYYY-MM-DD; with --to alone 1 January of its year",
        "Ngày đầu kỳ, dạng năm-tháng-ngày; chỉ nêu --to thì là ngày 1/1 cùng năm",
    ),
    (
        "Last day; with --from alone the end of its year, today at the latest",
        "Ngày cuối kỳ; chỉ nêu --from thì là hết năm đó, muộn nhất là hôm nay",
    ),
    (
        "none, agency, tree, level, sector, procedure, channel, month, officer; up to three joined by commas, the "
        "outermost first",
        "none, agency, tree, level, sector, procedure, channel, month, officer; nhiều nhất ba, cách nhau bằng dấu "
        "phẩy, ngoài cùng đứng trước",
    ),
    (
        "Add the rates of a definition of on time: decree-61, decision-766, … (GET /v1/definitions)",
        "Thêm các tỷ lệ theo một cách tính đúng hạn: decree-61, decision-766, … (GET /v1/definitions)",
    ),
    (
        "ii-06a, annex, late-list",
        "ii-06a, annex, late-list",
    ),
    (
        "resolution, ii-06a, annex",
        "resolution, ii-06a, annex",
    ),
    (
        "resolution: what the rows are, tree unless said; see motcua report resolution",
        "resolution: mỗi dòng là gì, không nêu thì tree; xem motcua report resolution",
    ),
    (
        "Stands in the edition for good; no personal data",
        "Ghi chú, nằm mãi trong bản chốt; không ghi dữ liệu cá nhân",
    ),
    (
        "The id of the edition that it corrects",
        "Mã của bản chốt được đính chính",
    ),
    (
        "Why it is corrected",
        "Lý do đính chính",
    ),
    (
        "Of this agency, and of all under it",
        "Của cơ quan này và các đơn vị trực thuộc",
    ),
    (
        "table (the newest 50), or all of them: json; table, or what the file's name ends with",
        "table (50 bản mới nhất), hoặc tất cả: json; nếu không nêu thì theo phần cuối của tên tệp, không có tệp thì "
        "table",
    ),
    (
        "Its id: motcua report editions",
        "Mã bản chốt: motcua report editions",
    ),
    (
        "ii-06a: to whom this print is sent, if not to whom the edition says",
        "ii-06a: nơi nhận bản in này, nếu khác nơi nhận ghi trong bản chốt",
    ),
    (
        "2026, 2026-H1, 2026-Q3 or 2026-08; the last month that has ended unless given",
        "2026, 2026-H1, 2026-Q3 hoặc 2026-08; không nêu thì tháng gần nhất đã kết thúc",
    ),
    (
        "First day, YYYY-MM-DD, in place of --period",
        "Ngày đầu kỳ, dạng năm-tháng-ngày, thay cho --period",
    ),
    (
        "Of the units below only those scored at this level: province, commune",
        "Chỉ các đơn vị trực thuộc được chấm ở cấp này: province, commune",
    ),
    (
        "A rule version by name, for a trial; docs/index-766.md",
        "Tên bản quy tắc, để tính thử; docs/index-766.md",
    ),
    # what runs, tokens, imports, what is late
    (
        "quang-tri-2019-h1 (synthetic), or none; unless given, as before in this directory",
        "quang-tri-2019-h1 (mô phỏng) hoặc none; không nêu thì như lần trước trong thư mục này",
    ),
    (
        "Stop after the table instead of serving on",
        "Dừng sau khi in bảng, không phục vụ tiếp",
    ),
    (
        "Of intake, routing, stats; 0 is any free one",
        "Cổng của intake, routing, stats; 0 là cổng trống bất kỳ",
    ),
    (
        "intake, routing, stats, or worker",
        "intake, routing, stats hoặc worker",
    ),
    (
        "The address that it answers at",
        "Địa chỉ mà tiến trình trả lời",
    ),
    (
        "8001, 8002, 8003 unless given",
        "Không nêu thì 8001, 8002, 8003",
    ),
    (
        "What the holder is",
        "Vai trò của người giữ",
    ),
    (
        "Code of the agency whose subtree it covers",
        "Mã cơ quan; mã truy cập dùng được cho cơ quan đó và các đơn vị trực thuộc",
    ),
    (
        "For how long",
        "Có hiệu lực bao nhiêu giờ",
    ),
    (
        "Who holds it; role@agency unless given",
        "Người giữ; không nêu thì vai trò@cơ quan",
    ),
    (
        "Of a citizen: whose dossiers it shows when they are tracked",
        "Của người dân: được xem hồ sơ của người có số này khi tra cứu",
    ),
    (
        "Its name ends in .csv, .ndjson or .jsonl; docs/import.md",
        "Tên tệp kết thúc bằng .csv, .ndjson hoặc .jsonl; docs/import.md",
    ),
    (
        "FILE is an export with columns of its own: docs/move.md",
        "Tệp xuất có cột riêng của hệ thống cũ: docs/move.md",
    ),
    ("Judge all, import nothing", "Chạy thử: kiểm tra tất cả, không nhập gì"),
    (
        "With --mapping: leave out lines with words that it does not map",
        "Cùng --mapping: bỏ qua các dòng có giá trị chưa được ánh xạ",
    ),
    ("CSV, UTF-8: code,identification_code", "Tệp CSV bằng UTF-8: code,identification_code"),
    ("Number of the decision that gives the codes", "Số quyết định cấp mã"),
    ("The export of the other system, CSV", "Tệp xuất của hệ thống cũ, dạng CSV"),
    ("The mapping file; docs/move.md", "Tệp ánh xạ; docs/move.md"),
    (
        "Where the mapping file goes; it must not be there yet",
        "Ghi tệp ánh xạ vào đâu; tệp chưa được có",
    ),
    (
        "One whose columns are filled in: its words are listed then",
        "Tệp ánh xạ đã điền các cột: khi đó liệt kê các giá trị",
    ),
    ("Of the export: utf-8, utf-16, windows-1258", "Bảng mã của tệp xuất: utf-8, utf-16, windows-1258"),
    ("Lines without a difference too", "Cả những dòng không khác nhau"),
    ("Who signs, and for whom: name, office", "Ai ký, thay cho đơn vị nào: họ tên, chức vụ"),
    ("Where the file goes; it must not be there yet", "Ghi vào tệp nào; tệp chưa được có"),
    ("The file of `move sign`", "Tệp do `move sign` ghi"),
    (
        "Where the numbers of rejected lines and every reason go; beside FILE unless given, of d.csv as "
        "d.csv.rejects.ndjson",
        "Ghi số thứ tự các dòng bị từ chối và mọi lý do vào tệp nào; không nêu thì cạnh tệp nhập, ví dụ "
        "d.csv.rejects.ndjson",
    ),
    (
        "The records are made up; reports say so",
        "Hồ sơ mô phỏng; các báo cáo sẽ ghi rõ",
    ),
    (
        "An instant, RFC 3339; now unless given",
        "Thời điểm theo RFC 3339; không nêu thì hiện tại",
    ),
    (
        "Only those whose applicant was sent an apology, or was sent none: sent, none, any",
        "Chỉ hồ sơ đã gửi hoặc chưa gửi thư xin lỗi: sent, none, any",
    ),
    (
        "table (the first 50), or all of them: json, csv, ndjson; table, or what the file's name ends with",
        "table (50 hồ sơ đầu tiên), hoặc tất cả: json, csv, ndjson; nếu không nêu thì theo phần cuối của tên tệp, "
        "không có tệp thì table",
    ),
    # proof
    (
        "NUMBER:SEAL of a link of the chain of editions that was noted outside; may be repeated",
        "SỐ:DẤU của một mắt xích chuỗi bản chốt đã ghi lại bên ngoài; nêu được nhiều lần",
    ),
    (
        "Hand over into this directory; else the last ones are listed",
        "Bàn giao vào thư mục này; không nêu thì liệt kê các mốc gần nhất",
    ),
    (
        "The anchor that they hold; 0: from the beginning",
        "Mốc bên nhận đang giữ; 0: từ đầu",
    ),
    (
        "The anchor to hand over; the last one unless given",
        "Mốc được bàn giao; không nêu thì mốc gần nhất",
    ),
    # one person's data
    (
        "Number of the decision that orders it",
        "Số quyết định yêu cầu việc này",
    ),
    (
        "Why; kept on record",
        "Lý do; được lưu lại",
    ),
    (
        "A dossier or petition of theirs; may be repeated",
        "Một hồ sơ hoặc phản ánh, kiến nghị của người đó; nêu được nhiều lần",
    ),
    (
        "Holds their identity number; -: standard input. Never on the line",
        "Tệp chứa số định danh; -: đầu vào chuẩn. Không bao giờ gõ số trên dòng lệnh",
    ),
    (
        "The new file, JSON, for its owner's eyes",
        "Tệp mới, JSON, chỉ chủ tệp đọc được",
    ),
    (
        "What is younger may be on its way in, and stays",
        "Mới hơn thì có thể đang được gửi, để nguyên",
    ),
    (
        "Do not ask",
        "Không hỏi lại",
    ),
    (
        "Open all of them, as before there were keys",
        "Mở tất cả, như khi chưa có khóa",
    ),
    (
        "First make a new key in the data directory, for embedded mode",
        "Trước hết tạo khóa mới trong thư mục dữ liệu, ở chế độ nhúng",
    ),
    # contracts
    (
        "Only say whether they are current",
        "Chỉ cho biết còn đúng hay đã cũ",
    ),
    (
        "What has changed since the last release; status 1: a break undecided",
        "Những thay đổi từ bản phát hành trước; mã 1: có thay đổi phá vỡ chưa được quyết định",
    ),
    (
        "Keep the committed ones as those of a release",
        "Giữ các bản mô tả hiện có làm bản của một lần phát hành",
    ),
)
#: English → Vietnamese
HELP = MappingProxyType(dict(_WORDS))
