"""Contacts of Konvo: the people behind the orders."""
