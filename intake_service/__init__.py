"""INTAKE: what a citizen hands in and gets back.

Owns procedures, supplement rules, dossiers and their lifecycle, applicants, the event log, apologies, imports.
Offers `/v1/procedures`, `/v1/supplement-rules`, `/v1/dossiers` with all that may be done to one or a thousand,
corrections, forms and files, `/v1/ledger`, `/v1/deadline-preview`, `/v1/imports`, `/v1/access-records`, `/v1/anchors`,
`/v1/ratings`, `/v1/petitions`, `/v1/petition-terms`, `/v1/national`, `/v1/catalogue`, and to anybody `/v1/track`, by
which an applicant also rates a dossier that has ended, and `/v1/public/petitions`.
Calls routing, to tell it of every dossier that was received (outbox/).
Calls the national database, to tell it of every event (national/) and to read what it publishes (catalogue*/).
Reads routing's changes of the calendar, and reckons open dossiers anew (recompute/).
Keeps the contents of files outside the database, by their hash (files/).
Keeps identity numbers sealed, and seals them anew under another key (numbers/).
Tells and takes away what is held of one person, when an operator's command asks (persons/).
Closes what was not completed in time, where a law says so (lapses/).
Never decides who holds a dossier, and never counts.
"""
