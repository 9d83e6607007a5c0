"""Questions, feedback and ratings, exchanged with the national portal in both directions."""
