"""Who read personal data unmasked: a record of each such reading, chained by the reader's agency."""
