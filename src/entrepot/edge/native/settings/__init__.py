"""Settings of the native API: what an organization chose."""
