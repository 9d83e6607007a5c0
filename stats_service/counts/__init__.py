"""Day histograms and monthly checkpoints, folded from the event log."""
