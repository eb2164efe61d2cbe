"""Polinate's invoices: listed, and told of by accounting systems."""
