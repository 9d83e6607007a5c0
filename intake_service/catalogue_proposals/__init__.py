"""What the national catalogue would have us change, and what somebody decides of it."""
