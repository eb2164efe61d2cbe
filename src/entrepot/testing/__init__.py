"""Entrepot for the tests of programs that speak with it: servers, databases and clients."""
