"""The error of a token that is not let in.

The error has a file of its own: code that handles it need not load the library of tokens.
"""


class InvalidToken(Exception):
    """The token is not one that the issuer signed for us and that holds now."""
