"""How the order book is kept: one schema and one set of statements, on SQLite and PostgreSQL."""
