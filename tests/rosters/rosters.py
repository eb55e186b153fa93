"""Write rosters in each format, well or with what real programs get wrong, and read them as facts."""

import csv
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from apps.rosters.facts import Mistake, Remark, Staged, StagedPlaces
from apps.rosters.opening import open_files
from apps.rosters.readers import detect, look, read

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "rosters"


def written(
    rows: Iterable[Iterable[str]], delimiter: str = ",", encoding: str = "utf-8", ending: str = "\r\n"
) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator=ending).writerows(rows)
    return text.getvalue().encode(encoding)


def zipped(files: dict[str, str | bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return content.getvalue()


@dataclass
class WholeTable:
    """A table with all its rows; `numbered_rows` are those with any text."""

    header: list[str]
    encoding: str
    rows: list[list[str]]
    numbered_rows: list[tuple[int, list[str]]]


def table_of(content: bytes, encoding: str = "", delimiter: str = "") -> WholeTable:
    with open_files(content, "roster") as files:
        table = files.only_table(encoding, delimiter)
        rows = [cells for _number, cells in table.all_rows()]
        return WholeTable(table.header, table.encoding, rows, list(table.rows()))


def facts_of(source, *, fields: list[str] | None = None, country: str = "ES", **options) -> list[Staged]:
    """Everything that a delivery says, its format found out, its columns guessed unless `fields` names them."""
    seen = look(source, "roster")
    return list(
        read(
            source,
            "roster",
            format=detect(source, "roster"),
            mapping={"fields": fields or seen.fields},
            dialect=seen.dialect,
            options=options,
            country=country,
        )
    )


def without_places(facts: list[Staged]) -> list:
    """The facts without where in the file their pairs stand."""
    told = [fact for fact in facts if type(fact) is not StagedPlaces]
    return [fact._replace(place=0) if hasattr(fact, "place") else fact for fact in told]


def of(kind: type, facts: list[Staged]) -> list:
    """The facts of one kind; of pairs without where they stand."""
    return [fact for fact in without_places(facts) if type(fact) is kind]


def mistakes(facts: list[Staged]) -> list[tuple[str, int, str]]:
    return [(fact.file, fact.row, fact.column) for fact in facts if isinstance(fact, Mistake)]


def remarks(facts: list[Staged]) -> list[tuple[str, int, str]]:
    return [(fact.file, fact.row, fact.column) for fact in facts if isinstance(fact, Remark)]
