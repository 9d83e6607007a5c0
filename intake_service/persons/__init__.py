"""One person's data: all that intake holds of them, told and erased. An operator's act, by a decision (`motcua
export-person`, `motcua erase-person`): no service may delete what is kept here."""
