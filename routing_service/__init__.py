"""ROUTING: who holds the dossier now, and until when.

Owns agencies (each in its period), the working calendar with its changes, sessions, cases, hand-overs and delegations,
workflows (linked procedures and internal processes) and the segments that they make of a dossier, opinions.
Offers `/v1/agencies`, `/v1/calendar`, `/v1/calendar/changes`, `/v1/workflows`, `/v1/cases`, `/v1/worklist`,
`/v1/opinions`, `/v1/overdue`, `/v1/due-soon`, `/v1/apologies/owed`.
Calls intake, to tell it that the handling agency has finished a dossier.
Never changes a dossier's state, and never counts.
To come, each as a folder of its own: reminders, reorganisations.
"""
