"""STATS: what the numbers say.

Owns day histograms and monthly checkpoints (`count_day`, `count_checkpoint`), its position in the event log, sealed
editions of reports and their chain (`report_edition`, `reference_picture`, `edition_link`), the forms of official
tables (`official_form`).
Offers `/v1/reports/resolution` by any definition of "on time" that is in use, the list of dossiers behind each of its
figures, `/v1/reports/official-tables/…`, `/v1/reports/index-766`, `/v1/reports/satisfaction` with its list,
`/v1/reports/editions`, `/v1/definitions`, and to anybody `/v1/public/satisfaction`; tables also as files (XLSX, DOCX,
PDF, CSV).
Proves itself: `verification/` recounts everything from raw events, and makes the counts anew where they are wrong.
Calls nobody: it reads the event log, dossiers and reference data from the shared schema.
Never changes a dossier, shows personal data, keeps a rate (rates are made from counts on reading), or gives a figure
that is not the length of a list one can open.
To come, each as a folder of its own: other reports.
"""
