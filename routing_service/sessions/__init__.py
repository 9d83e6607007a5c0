"""The hours in which an agency works: its own, by dated sets, or those of the installation."""
