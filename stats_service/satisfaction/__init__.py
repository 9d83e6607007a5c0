"""How satisfied applicants are: figures and their lists for whoever watches, and what everybody may know."""
