"""Hand-overs: who gives a dossier to whom, and what the receiver does with it: receive, decline, return."""
