"""Synq's categories, brands, attributes, groups of attributes and templates."""
