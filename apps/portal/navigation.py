"""The rail, the dock and who is logged in, for every page of an organisation."""


def navigation(request) -> dict:
    """Context processor."""
    return {}
