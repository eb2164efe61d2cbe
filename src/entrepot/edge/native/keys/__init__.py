"""Keys of the native API: listed, made and revoked."""
