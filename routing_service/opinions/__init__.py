"""Opinions: what another unit is asked on a dossier's way, until when, and who hears of it when it stays silent."""
