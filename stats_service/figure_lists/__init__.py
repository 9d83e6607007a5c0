"""The list behind each figure: the dossiers that it counts, in pages or as a stream."""
