"""Synq's channels: where orders come from."""
