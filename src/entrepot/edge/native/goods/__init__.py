"""Goods of the native API: variants, locations, stock and its ledger."""
