"""What a batch loads and how it is written: rows, statements, counters, tallies, jobs."""
