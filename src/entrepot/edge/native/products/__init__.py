"""Products of the native API, with their variants."""
