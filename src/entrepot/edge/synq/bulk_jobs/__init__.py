"""Synq's bulk jobs: many products at once, later."""
