"""THE SAME PLUMBING FOR ALL ROOMS: the app, settings, database, auth, errors, paging, idempotency, logs, health."""
