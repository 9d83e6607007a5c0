"""The clock of a segment: what an agency has used of its share, and until when it has it."""
