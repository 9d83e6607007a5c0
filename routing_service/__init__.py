"""ROUTING: who holds the dossier now, and until when.

<<<<<<< HEAD
Owns agencies (each in its period), the working calendar with its changes, sessions, cases, hand-overs and delegations,
workflows (linked procedures and internal processes).
Offers `/v1/agencies`, `/v1/calendar`, `/v1/calendar/changes`, `/v1/workflows`, `/v1/cases`, `/v1/worklist`,
<<<<<<< HEAD
`/v1/overdue`, `/v1/due-soon`, `/v1/apologies/owed`.
=======
`/v1/overdue`, `/v1/due-soon`.
=======
Owns agencies (each in its period), the working calendar and sessions, cases, hand-overs and delegations, workflows
(linked procedures and internal processes) and the segments that they make of a dossier.
Offers `/v1/agencies`, `/v1/calendar`, `/v1/workflows`, `/v1/cases`, `/v1/worklist`, `/v1/overdue`, `/v1/due-soon`.
>>>>>>> d9a30b4 (segments: tests, glossary, decision; how a workflow becomes what happens to a dossier)
>>>>>>> cc79f8b (segments: a dossier's shares with a clock each, begun with the case; on paper one after the other, electronic at once)
Calls intake, to tell it that the handling agency has finished a dossier.
Never changes a dossier's state, and never counts.
To come, each as a folder of its own: reminders, reorganisations.
"""
