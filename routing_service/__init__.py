"""ROUTING: who holds the dossier now, and until when.

Owns agencies (each in its period), their identification codes and their reorganisations, the working calendar with its
changes, sessions, cases with their hand-overs and assignments, delegations, workflows (linked procedures and internal
processes) and the segments that they make of a dossier, opinions, webhooks with their messages.
Offers `/v1/agencies`, `/v1/identification-codes`, `/v1/calendar`, `/v1/calendar/changes`, `/v1/workflows`, `/v1/cases`
with all that may be done to one or a thousand, `/v1/worklist`, `/v1/segments`, `/v1/opinions`, `/v1/delegations`,
`/v1/reorganisations`, `/v1/overdue`, `/v1/due-soon`, `/v1/apologies/owed`, `/v1/webhooks`.
Calls intake, to tell it that the handling agency has finished a dossier, and the targets of webhooks.
Never changes a dossier's state, and never counts.
To come, as a folder of its own: reminders.
"""
