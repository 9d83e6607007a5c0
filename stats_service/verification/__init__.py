"""Whether the counts are what the events make them, and making them anew where they are not."""
