"""Polinate's buyers: customers with their partnership, contacts and locations."""
