"""Synq's orders: what is asked of them and how they are shown."""
