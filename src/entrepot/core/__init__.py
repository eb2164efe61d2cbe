"""What is allowed and what follows: pure values, tables and decisions, with no input or output."""
