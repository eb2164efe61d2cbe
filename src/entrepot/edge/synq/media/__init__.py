"""Synq's media of products and variants."""
