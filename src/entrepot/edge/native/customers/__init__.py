"""Customers: who orders, with the partnership and what the organization wrote of a buyer."""
