"""The catalogue of the figures: the words for what stats_service.figures reckons. Pure."""

from shared.contracts.stats import Definition

#: Changes when a figure changes its meaning.
DEFINITION = "resolution/1"

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
            "of resolved: finished on the due day (hour terms: by the hour), or without a term",
            "TT 01/2020/TT-VPCP, II.06a column 9",
        ),
        (
            "resolved_late",
            "Giải quyết quá hạn",
            "Resolved late",
            "resolved - resolved_early - resolved_on_day: finished after the due day",
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
