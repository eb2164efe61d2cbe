"""Synq's settings of a tenant: how stock is run."""
