"""Clicks of contacts, as Konvo shows them."""
