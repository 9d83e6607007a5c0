"""After a change of the calendar: open dossiers are reckoned anew, an event each."""
