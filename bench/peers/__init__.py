"""Entrepot beside the order backends that one would pick instead: `make bench-peers`."""
