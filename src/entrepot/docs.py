"""Documents printed from tables."""


def printed() -> dict[str, str]:
    """Nothing yet."""
    return {}
