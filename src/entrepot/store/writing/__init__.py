"""Loading and writing of a batch: rows, statements, counters, tallies, jobs."""
