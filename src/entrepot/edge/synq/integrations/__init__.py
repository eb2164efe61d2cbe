"""Synq's integrations: connections to shops, and what they tell."""
