"""What routing holds in words about a person's dossiers, told and erased by the operator's command."""
