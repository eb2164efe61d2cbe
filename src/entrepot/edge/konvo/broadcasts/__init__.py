"""Broadcasts, as Konvo shows them."""
