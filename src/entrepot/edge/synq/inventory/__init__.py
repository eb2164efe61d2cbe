"""Synq's inventory: what is on the shelves."""
