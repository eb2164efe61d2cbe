"""Polinate's price lists: made, and assigned to partnerships."""
