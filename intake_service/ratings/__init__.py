"""How applicants rate dossiers that have ended: one rating each, by whoever holds the receipt or is the applicant."""
