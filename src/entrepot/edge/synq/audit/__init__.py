"""Synq's audit: what happened, and who did it."""
