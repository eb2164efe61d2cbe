"""Attributions of orders, as Konvo shows them."""
