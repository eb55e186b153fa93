"""What is wrong in a file of addresses, all of it at once."""

from apps.rosters.refusing import FileRefused

MISTAKES_SHOWN = 20


class FileHasMistakes(FileRefused):
    """The file is not read. `shown`: a sentence for each of the first mistakes.

    `number`: of all mistakes; `more`: of those that are not shown.
    """

    def __init__(self, shown: list[str], number: int):
        super().__init__(" ".join(shown))
        self.shown = shown
        self.number = number
        self.more = number - len(shown)


class Mistakes:
    """Counts the mistakes of a file, and keeps the sentences of the first."""

    def __init__(self) -> None:
        self.shown: list[str] = []
        self.number = 0

    def add(self, sentence: str) -> None:
        self.number += 1
        if self.number <= MISTAKES_SHOWN:
            self.shown.append(sentence)

    def refuse_if_any(self) -> None:
        """Raises FileHasMistakes."""
        if self.number:
            raise FileHasMistakes(self.shown, self.number)
