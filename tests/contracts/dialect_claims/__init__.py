"""Claims of docs/dialects beside the documented facts, tried on a running server."""
