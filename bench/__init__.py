"""How fast it is: one run measures everything it compares, prints one table and writes JSON."""
