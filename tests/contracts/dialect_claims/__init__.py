"""What docs/dialects says beside the documented facts, tried on a running server."""
