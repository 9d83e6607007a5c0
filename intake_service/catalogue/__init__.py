"""The national catalogue, as it is published: pulled, held against ours, and taken over by whoever approves it."""
