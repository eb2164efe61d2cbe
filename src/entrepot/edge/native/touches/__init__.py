"""Touches of contacts: recorded, and read back."""
