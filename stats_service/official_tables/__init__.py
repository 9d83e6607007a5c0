"""The tables that agencies send upwards: Biểu II.06a/VPCP/KSTT, the annex of the letter, the list of what is late."""
