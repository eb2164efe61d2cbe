"""Orders of the native API: what is asked of them and how they are shown."""
