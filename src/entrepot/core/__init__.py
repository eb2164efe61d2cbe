"""The rules: pure values, tables and decisions, with no input or output."""
