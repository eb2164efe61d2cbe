"""Broadcasts: told by their senders, and read back."""
