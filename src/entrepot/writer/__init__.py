"""The only way in: who may, once only, all or nothing, many at a time."""
