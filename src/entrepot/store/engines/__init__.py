"""The two databases, SQLite and PostgreSQL: how each is opened, guarded and spoken to."""
