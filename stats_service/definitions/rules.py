"""The catalogue of the figures: the words for what stats_service.figures reckons. Pure."""

from shared.contracts.stats import Definition

#: Changes when a figure changes its meaning.
DEFINITION = "resolution/1"

#: Working days after the period in which what is due is nearly due: as GET /v1/due-soon has it.
NEARLY_DUE_WITHIN = 3

#: The figures in the order in which reports carry them; every formula is in terms of figures or of the list behind it.
DEFINITIONS = tuple(
    Definition(name=name, kind="count", title_vi=vi, title_en=en, formula=formula, source=source)
    for name, vi, en, formula, source in (
        (
            "carried_over",
            "Kỳ trước chuyển qua",
            "Carried over",
            "received before the period, and not finished before it",
            "TT 01/2020/TT-VPCP, II.06a column 6",
        ),
        ("received", "Tiếp nhận trong kỳ", "Received", "received in the period", "TT 01/2020/TT-VPCP, II.06a"),
        (
            "received_online",
            "Tiếp nhận trực tuyến",
            "Received online",
            "of received: channel online",
            "TT 01/2020/TT-VPCP, II.06a column 4",
        ),
        (
            "received_counter",
            "Tiếp nhận trực tiếp",
            "Received at the counter",
            "of received: channel counter",
            "TT 01/2020/TT-VPCP, II.06a column 5",
        ),
        (
            "received_post",
            "Tiếp nhận qua bưu chính công ích",
            "Received by post",
            "of received: channel post",
            "TT 01/2020/TT-VPCP, II.06a column 5",
        ),
        (
            "to_handle",
            "Tổng số hồ sơ phải giải quyết",
            "To handle",
            "carried_over + received = resolved + pending",
            "TT 01/2020/TT-VPCP, II.06a column 3; 3322/UBND-NC",
        ),
        (
            "resolved",
            "Đã giải quyết",
            "Resolved",
            "finished in the period (đã xử lý xong, refusals on the merits, withdrawals and stops included)",
            "NĐ 61/2018 art. 19(8); TT 01/2020/TT-VPCP, II.06a column 7",
        ),
        (
            "resolved_early",
            "Giải quyết trước hạn",
            "Resolved early",
            "of resolved: finished before the due day",
            "TT 01/2020/TT-VPCP, II.06a column 8",
        ),
        (
            "resolved_on_day",
            "Giải quyết đúng hạn",
            "Resolved on the day",
            "of resolved: finished on the due day (hour terms: by the hour), without a term, or ended while its clock "
            "stood still for the applicant before that day",
            "TT 01/2020/TT-VPCP, II.06a column 9",
        ),
        (
            "resolved_late",
            "Giải quyết quá hạn",
            "Resolved late",
            "resolved - resolved_early - resolved_on_day: finished after the due day, the clock running",
            "TT 01/2020/TT-VPCP, II.06a column 10",
        ),
        (
            "resolved_on_time",
            "Giải quyết đúng và trước hạn",
            "Resolved on time",
            "resolved_early + resolved_on_day",
            "3322/UBND-NC",
        ),
        (
            "resolved_without_term",
            "Đã giải quyết, không có thời hạn",
            "Resolved without a term",
            "of resolved_on_day: the procedure has no term, so that nobody takes them for on time",
            "shown apart by this system",
        ),
        (
            "pending",
            "Đang giải quyết",
            "Pending",
            "received by the end of the period, and not finished by then",
            "TT 01/2020/TT-VPCP, II.06a column 11",
        ),
        (
            "pending_in_term",
            "Đang giải quyết trong hạn",
            "Pending in term",
            "pending - pending_overdue",
            "TT 01/2020/TT-VPCP, II.06a column 12",
        ),
        (
            "pending_overdue",
            "Đang giải quyết quá hạn",
            "Pending overdue",
            "of pending: the first late day is not after the last day of the period",
            "TT 01/2020/TT-VPCP, II.06a column 13",
        ),
        (
            "pending_paused",
            "Tạm dừng, chờ bổ sung",
            "Paused",
            "of pending: waiting for the applicant at the end of the last day",
            "QĐ 766/QĐ-TTg progress table",
        ),
    )
) + tuple(
    Definition(name=name, kind="rate", title_vi=vi, title_en=en, formula=formula, source=source)
    for name, vi, en, formula, source in (
        (
            "on_time_rate",
            "Tỷ lệ đúng hạn trên đã giải quyết",
            "On-time rate",
            "resolved_on_time / resolved",
            "3322/UBND-NC",
        ),
        ("late_rate", "Tỷ lệ quá hạn trên đã giải quyết", "Late rate", "resolved_late / resolved", "3322/UBND-NC"),
        (
            "received_on_time_rate",
            "Tỷ lệ đúng hạn trên tiếp nhận",
            "On-time rate of what was to be handled",
            "resolved_on_time / to_handle",
            "NĐ 61/2018 art. 30(2)c",
        ),
        (
            "national_on_time_rate",
            "Tỷ lệ đúng hạn theo Quyết định 766",
            "National on-time rate",
            "(resolved_on_time + pending_in_term) / to_handle",
            "QĐ 766/QĐ-TTg, indicator 2.1",
        ),
    )
)

#: The figures that are counted when a definition asks for them.
DEFINITIONS_ON_DEMAND = tuple(
    Definition(name=name, kind="count", title_vi=vi, title_en=en, formula=formula, source=source)
    for name, vi, en, formula, source in (
        (
            "resolved_otherwise",
            "Rút, trả",
            "Withdrawn or turned down",
            "of resolved: withdrawn by the applicant, refused or stopped by the agency",
            "vinhphuc.gov.vn, announcement 3158",
        ),
        (
            "uncollected",
            "Có kết quả, chưa trả",
            "Not collected yet",
            "of resolved: finished, and not handed out by the end of the period",
            "Gia Lai, announcement 301",
        ),
        (
            "pending_due_now",
            "Đang giải quyết, đến hạn",
            "Due on the last day",
            "of pending_in_term: due on the last day of the period",
            "per-procedure sheets: chưa đến hạn, đến hạn, quá hạn",
        ),
        (
            "pending_nearly_due",
            "Đang giải quyết, sắp đến hạn",
            "Nearly due",
            f"of pending_in_term: due within {NEARLY_DUE_WITHIN} working days after the last day of the period",
            "Gia Lai, announcement 301",
        ),
        (
            "pending_paused_overdue",
            "Tạm dừng, quá hạn",
            "Paused and overdue",
            "of pending_paused and of pending_overdue: both at the end of the last day",
            "QĐ 766/QĐ-TTg progress table",
        ),
        (
            "due_in_period",
            "Đến hạn trong kỳ",
            "Due in the period",
            "of to_handle: the due day lies in the period = due_on_time + due_late + due_overdue + due_in_term",
            "vinhphuc.gov.vn, announcement 3158",
        ),
        (
            "due_on_time",
            "Đến hạn, giải quyết đúng và trước hạn",
            "Due and resolved on time",
            "of due_in_period: finished by the end of the period, early or on the day",
            "vinhphuc.gov.vn, announcement 3158",
        ),
        (
            "due_late",
            "Đến hạn, giải quyết quá hạn",
            "Due and resolved late",
            "of due_in_period: finished late by the end of the period",
            "vinhphuc.gov.vn, announcement 3158",
        ),
        (
            "due_overdue",
            "Đến hạn, quá hạn chưa giải quyết",
            "Due and overdue",
            "of due_in_period: open at the end of the period, and late by then",
            "vinhphuc.gov.vn, announcement 3158",
        ),
        (
            "due_in_term",
            "Đến hạn, còn trong ngày cuối",
            "Due and still in term",
            "of due_in_period: open at the end of the period and due on its last day, so not late yet",
            "shown apart by this system",
        ),
        (
            "due_otherwise",
            "Đến hạn, rút hoặc trả",
            "Due, withdrawn or turned down",
            "of due_in_period: ended by the end of the period as resolved_otherwise",
            "vinhphuc.gov.vn, announcement 3158",
        ),
        (
            "national_on_time",
            "Đúng hạn theo Quyết định 766",
            "On time by the national rule",
            "of to_handle: on time by the national rule; what is open is judged by the end of the period",
            "QĐ 766/QĐ-TTg, indicator 2.1",
        ),
        (
            "national_overdue",
            "Quá hạn theo Quyết định 766",
            "Overdue by the national rule",
            "to_handle - national_on_time",
            "QĐ 766/QĐ-TTg, indicator 2.1",
        ),
    )
)
