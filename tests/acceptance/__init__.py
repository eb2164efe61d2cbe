"""Acceptance: real processes, driven from outside over HTTP and the command line."""
