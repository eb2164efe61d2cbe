"""Price lists of the native API, with their entries and who has them."""
