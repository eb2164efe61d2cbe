"""Synq's look at the catalogue as a whole: what it lacks, its figures, its export."""
