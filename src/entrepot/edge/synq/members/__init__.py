"""Synq's members of an organization: who may do what."""
