"""The Polinate dialect: orders of a business in phases and statuses, amounts as decimal strings."""
