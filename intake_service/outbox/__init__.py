"""The outbox: what intake tells its neighbours, read from the event log. Nothing committed stays untold."""
