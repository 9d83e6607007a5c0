"""Apologies: proposed by the agency that holds the dossier, made through the one-stop, sent to the applicant."""
