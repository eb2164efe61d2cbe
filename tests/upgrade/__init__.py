"""Books that an older version made, and whether this version answers from them as that did."""
