"""What a page says, however its templates are laid out."""

import re


def one_line(page: str) -> str:
    """The HTML with a single space wherever white space stands, and none before the end of a tag."""
    return re.sub(r" (?=>)", "", " ".join(page.split()))


def bare(page: str) -> str:
    """The HTML on one line, without the white space beside its tags."""
    return re.sub(r" ?(<[^>]*>) ?", r"\1", one_line(page))
