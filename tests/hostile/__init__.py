"""What a hostile client sends, kept: nothing of it is our error, comes back in a refusal, or stays half-written."""
