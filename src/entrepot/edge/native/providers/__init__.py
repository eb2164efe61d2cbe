"""Accounts at payment services: listed, added, tested and removed."""
