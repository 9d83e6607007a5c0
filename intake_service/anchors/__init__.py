"""Anchors of the event log: what a third party keeps, so that nothing before it can be changed unseen."""
