"""What the figures mean, for whoever reads them: names in two languages, formulas, sources."""
