"""Whether dossiers, their event chains and their words are what intake wrote."""
