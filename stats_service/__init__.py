"""ROOM: what the numbers say.

Owns: day histograms and monthly checkpoints (`count_day`, `count_checkpoint`), its position in the event log.
Offers: resolution reports, the list of dossiers behind each figure, the definitions of the figures.
Calls: nobody. It reads the event log, dossiers and reference data from the shared schema.
Never: changes a dossier, shows personal data, keeps a rate (rates are made from counts on reading), or gives a figure
that is not the length of a list one can open.
"""
