"""The calendar of public servants, and the hours in which agencies work."""
