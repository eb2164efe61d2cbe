"""Polinate's items: products with their variants."""
