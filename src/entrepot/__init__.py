"""Entrepot: one order book, spoken in three dialects."""

__version__ = "0.1.0"
