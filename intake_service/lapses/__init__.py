"""Quá hạn bổ sung: what its applicant has not completed in time is closed, where a law says so."""
