"""What happens to a book over the years: retention, the archive of events, migrations."""
