"""How a file as a whole is turned down."""


class FileRefused(Exception):
    """The file is not read; the text is a sentence for the office, with row and column where there is one."""
