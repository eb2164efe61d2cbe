"""Tests of every room. Named as a package: an installed one has this name as well."""
