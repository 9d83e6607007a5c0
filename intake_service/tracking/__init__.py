"""A dossier from outside: by its code little is seen, by the secret on the receipt all that concerns its applicant."""
