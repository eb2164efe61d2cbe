"""How an operator acts: one command line, a file a noun."""
