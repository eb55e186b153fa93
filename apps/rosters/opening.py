"""Whatever a roster comes as - bytes, an open file, a path, a ZIP, a folder - is one table, or CSV files by name."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from django.core.files import File
from django.utils.translation import gettext as _

from .csv_tables import open_csv
from .excel import open_excel, plain_text
from .refusing import FileRefused
from .tables import MAX_BYTES, MAX_COLUMNS, MAX_ROWS, CellText, Opener, OpenTable

Source = bytes | str | Path | BinaryIO | File
MAX_UNPACKED = 400_000_000
MAX_FILES = 200
MAX_FOLDER_ROWS = 5_000_000
_BUFFER = 1 << 16
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TABLES = (".csv", ".xlsx")
# Of these a folder may have one alone, on a night with few changes; any other single file is a table that was packed.
_OF_ROSTERS = {"manifest", "users", "enrollments", "classes", "orgs", "student", "teacher"}


class Files:
    """The files of one delivery. Of a folder: its CSV files, by name without ending, case and signs."""

    def __init__(self, by_name: dict[str, tuple[str, Opener]], is_folder: bool):
        self._by_name = by_name
        self.is_folder = is_folder

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def shown_name(self, name: str) -> str:
        """How the file is called where it came from: `academicSessions.csv`."""
        return self._by_name[name][0]

    def only_table(self, encoding: str = "", delimiter: str = "", *, cell_text: CellText = plain_text) -> OpenTable:
        """The table of a delivery that is one; `cell_text` writes the cells of an Excel file. Raises FileRefused."""
        if self.is_folder:
            raise FileRefused(_("This is a folder of several files. One table is wanted here."))
        opener = next(iter(self._by_name.values()))[1]
        return _open_table(opener, encoding, delimiter, MAX_BYTES, MAX_ROWS, cell_text)

    def table(self, name: str) -> OpenTable:
        """One table of a folder. Raises FileRefused, with the name of the file in its sentence."""
        shown, opener = self._by_name[name]
        try:
            return _open_table(opener, "", "", MAX_UNPACKED, MAX_FOLDER_ROWS)
        except FileRefused as refusal:
            raise FileRefused(f"{shown}: {refusal}") from None


@contextmanager
def open_files(source: Source, file_name: str = "") -> Iterator[Files]:
    """Open a delivery, and close what was opened. Raises FileRefused. An open file is left open."""
    if isinstance(source, str | Path) and Path(source).is_dir():
        yield _folder_files(Path(source))
        return
    opener = _opener(source)
    with opener() as file:
        if file.read(4) != b"PK\x03\x04":
            yield Files({"": (file_name, opener)}, is_folder=False)
            return
        file.seek(0)
        with _archive(file) as archive:
            yield _zip_files(archive, opener, file_name)


@contextmanager
def open_uploaded_table(file: File, cell_text: CellText = plain_text) -> Iterator[OpenTable]:
    """The table of a file that has been uploaded. Raises FileRefused."""
    refuse_too_large(file)
    with open_files(file, file.name or "") as files:
        yield files.only_table(cell_text=cell_text)


def refuse_too_large(file: File) -> None:
    """Raises FileRefused where an uploaded file has more bytes than a file may have."""
    if file.size > MAX_BYTES:
        raise FileRefused(_("The file is larger than 50 MB. Split it, or take out what is not needed."))


def _opener(source: Source) -> Opener:
    if isinstance(source, bytes):
        return lambda: io.BytesIO(source)
    if isinstance(source, str | Path):
        return lambda: _open_path(Path(source))
    return lambda: io.BufferedReader(_Lent(source), _BUFFER)


def _open_path(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise _not_opened(error) from None


def _not_opened(error: OSError) -> FileRefused:
    return FileRefused(_("The file cannot be opened: %(reason)s.") % {"reason": error.strerror})


class _Lent(io.RawIOBase):
    """A view of somebody else's open file, with a place of its own: closing it leaves the file open."""

    def __init__(self, file: BinaryIO | File):
        self._file = file
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        if whence == 1:
            offset, whence = self._place + offset, 0
        self._place = self._file.seek(offset, whence)
        self._place = self._file.tell()
        return self._place

    def read(self, size: int | None = -1) -> bytes:
        self._file.seek(self._place)
        found = self._file.read(-1 if size is None else size)
        self._place += len(found)
        return found

    def readinto(self, buffer) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def _folder_files(path: Path) -> Files:
    try:
        files = [each for each in sorted(path.iterdir()) if each.is_file() and not each.name.startswith(".")]
    except OSError as error:
        raise _not_opened(error) from None
    tables = [each for each in files if each.suffix.lower() in _TABLES]
    found = {name: (each.name, _opener(each)) for each in tables if (name := _stem(each.name))}
    _refuse_twice([each.name for each in tables])
    if len(tables) == 1 and not found.keys() & _OF_ROSTERS:
        return Files({"": (tables[0].name, _opener(tables[0]))}, is_folder=False)
    if not found:
        raise FileRefused(_("There is no CSV file in this folder."))
    return Files(found, is_folder=True)


def _zip_files(archive: zipfile.ZipFile, opener: Opener, file_name: str) -> Files:
    entries = archive.infolist()
    if any(entry.filename == "xl/workbook.xml" for entry in entries):
        return Files({"": (file_name, opener)}, is_folder=False)
    if len(entries) > MAX_FILES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise FileRefused(_("This ZIP unpacks to far more than it should. It is not opened."))
    found: dict[str, tuple[str, Opener]] = {}
    _refuse_twice([entry.filename for entry in entries])
    # A copy further down, in a folder of old files, is not the one that is meant.
    for entry in sorted(entries, key=lambda each: (each.filename.count("/"), each.filename)):
        name = _stem(entry.filename)
        if name:
            found.setdefault(name, (_base(entry.filename), _entry_opener(archive, entry)))
    if not found:
        raise FileRefused(_("This is not a spreadsheet. Choose a CSV file or an Excel file (.xlsx)."))
    if len(found) == 1 and not found.keys() & _OF_ROSTERS:
        return Files({"": next(iter(found.values()))}, is_folder=False)
    return Files(found, is_folder=True)


def _refuse_twice(paths: list[str]) -> None:
    """Of two tables of one name at the same depth nobody can say which one is meant."""
    first: dict[tuple[int, str], str] = {}
    for path in sorted(paths):
        place = (path.count("/"), _stem(path))
        if place[1] and place in first:
            words = {"first": first[place], "second": path}
            raise FileRefused(_("%(first)s and %(second)s are the same table. Leave one of them out.") % words)
        first[place] = path


def _entry_opener(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Opener:
    return lambda: cast(BinaryIO, archive.open(entry))


@contextmanager
def _archive(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, zlib.error, ValueError):
        raise FileRefused(_("This file cannot be opened. Save or pack it again.")) from None
    with archive:
        yield archive


def _open_table(
    opener: Opener, encoding: str, delimiter: str, max_bytes: int, max_rows: int, cell_text: CellText = plain_text
) -> OpenTable:
    try:
        return _open_packed(opener, encoding, delimiter, max_bytes, max_rows, cell_text)
    except RuntimeError:
        raise FileRefused(_("This ZIP has a password. Pack it again without one.")) from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError):
        raise FileRefused(_("This ZIP cannot be opened. Make it again.")) from None


def _open_packed(
    opener: Opener, encoding: str, delimiter: str, max_bytes: int, max_rows: int, cell_text: CellText
) -> OpenTable:
    """The same, with whatever goes wrong where the file is one of a ZIP."""
    with opener() as file:
        start = file.read(4)
    if start == b"PK\x03\x04":
        table = open_excel(opener, max_bytes, cell_text)
    elif start == b"\xd0\xcf\x11\xe0":
        raise FileRefused(
            _("This is an old Excel file (.xls), or it has a password. Save it as .xlsx without one, or as CSV.")
        )
    else:
        table = open_csv(opener, encoding, delimiter, max_bytes, max_rows)
    _check_header(table.header)
    return table


def _check_header(header: list[str]) -> None:
    if not any(header):
        raise FileRefused(_("The first row must name the columns; it is empty."))
    if any(map(_ADDRESS.fullmatch, header)):
        raise FileRefused(_("Row 1 must name the columns; it holds an address. Put a row above it."))
    if len(header) > MAX_COLUMNS:
        raise FileRefused(
            _("The file has %(number)s columns; 150 are the most. Keep those that matter.") % {"number": len(header)}
        )


def _base(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _stem(path: str) -> str:
    """The name of a CSV file as it is asked for; "" for any other file, and for what a Mac adds to a ZIP."""
    base = _base(path).lower()
    if not base.endswith(".csv") or base.startswith(".") or "__macosx" in path.lower():
        return ""
    return re.sub(r"[\W_]+", "", base[:-4])
