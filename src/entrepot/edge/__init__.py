"""The edge: how a dialect is read from the wire and written to it; it decides nothing."""
