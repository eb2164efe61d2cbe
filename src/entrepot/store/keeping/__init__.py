"""Rooms for the years of a book: retention, the archive of events, migrations."""
