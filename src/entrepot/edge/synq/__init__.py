"""The Synq dialect: orders and stock of an organization inside a tenant, 15 statuses, decimals."""
