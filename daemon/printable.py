"""What a terminal is shown and must not obey."""


def printable(text: str) -> str:
    """Show control characters and unpaired surrogates as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
