"""Synq's products and their variants."""
