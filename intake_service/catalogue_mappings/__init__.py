"""What ours is called in the national catalogue, as somebody says."""
