"""Who writes a page, an app or a script against the services: what their tools make of the contracts, and what comes
of it against the services as they run."""
