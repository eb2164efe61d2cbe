"""Invoices of the native API: listed and read."""
