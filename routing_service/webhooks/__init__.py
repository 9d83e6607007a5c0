"""Webhooks: who outside is told of what happens to an agency's dossiers, and with which secret that is signed."""
