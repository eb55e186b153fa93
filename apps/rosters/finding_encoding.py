"""In which letters a file is written, by all of its bytes: none is read halfway in a wrong encoding."""

import codecs
import re

from django.utils.translation import gettext as _

from .refusing import FileRefused
from .tables import Opener

ENCODINGS = ("utf-8", "cp1252", "cp1250", "utf-16")
_PIECE = 1 << 20
# Letters of Central Europe in cp1250, as they look when they are taken for cp1252: signs in the middle of words.
_SIGNS_IN_WORDS = frozenset("¹³£¯¿")
_RARE_LETTERS = frozenset("œŸŒ")
_WESTERN_LETTERS = frozenset("àèìòùÀÈÌÒÙåÅãõ")
_WEB_PAGE = re.compile(rb"\s*(?:<!doctype html|<html|<table)", re.IGNORECASE)
_OF_UTF_8 = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
_WIDE_MARKS = (b"\xff\xfe", b"\xfe\xff")


def find_encoding(open_file: Opener, encoding: str, max_bytes: int) -> str:
    """The encoding in which the whole file can be read: the given one, or one found out. Raises FileRefused."""
    scan = _Scan(encoding)
    with open_file() as file:
        while piece := file.read(_PIECE):
            scan.take(piece)
            if scan.size > max_bytes:
                number = {"number": max_bytes // 1_000_000}
                raise FileRefused(
                    _("The file is larger than %(number)s MB. Split it, or take out what is not needed.") % number
                )
    return scan.found()


def codec_for(encoding: str, start: bytes) -> str:
    """Python's name of the codec for a file that begins with these two bytes."""
    if encoding == "utf-16":
        return "utf-16" if start in _WIDE_MARKS else "utf-16-le"
    return "utf-8-sig" if encoding == "utf-8" else encoding


class _Scan:
    """Looks through the bytes of a file, piece by piece, and keeps the encodings in which all of them can be read."""

    def __init__(self, wanted: str):
        self.size = 0
        self._wanted = wanted if wanted in ENCODINGS else ""
        self._has_text = False
        self._odd = b""  # the first bytes with letters beyond ASCII
        self._lines = 0
        self._not_utf_8 = 0  # the first line that cannot be read so
        self._decoders: dict[str, codecs.IncrementalDecoder] = {}

    def take(self, piece: bytes) -> None:
        if not self.size:
            self._begin(piece)
        self.size += len(piece)
        self._has_text = self._has_text or bool(piece.strip())
        if not piece.isascii() and len(self._odd) < _PIECE:
            self._odd += piece
        for name, decoder in list(self._decoders.items()):
            self._decode(name, decoder, piece)
        self._lines += piece.count(b"\n")

    def found(self) -> str:
        if not self._has_text:
            raise FileRefused(_("The file is empty."))
        for name, decoder in list(self._decoders.items()):
            self._decode(name, decoder, b"", final=True)
        if not self._decoders:
            if self._wanted:
                raise FileRefused(_("The file cannot be read as %(encoding)s.") % {"encoding": self._wanted})
            raise FileRefused(_("The letters of this file cannot be read. Save it as UTF-8."))
        if self._not_utf_8 and not self._wanted and _is_mostly_utf_8(self._odd):
            sentence = _("Row %(row)s has letters of another encoding than the others. Save the file as UTF-8.")
            raise FileRefused(sentence % {"row": self._not_utf_8})
        if len(self._decoders) == 1 or "utf-8" in self._decoders:
            return next(iter(self._decoders))
        return "cp1250" if _is_central(self._odd.decode("cp1252", errors="replace")) else "cp1252"

    def _begin(self, piece: bytes) -> None:
        wide = piece[:2] in _WIDE_MARKS or _is_wide(piece[:1000])
        if _WEB_PAGE.match(piece):
            raise FileRefused(
                _("This is a web page, whatever its name says. Open it in Excel and save it as .xlsx or CSV.")
            )
        if not wide and (piece[:5] == b"%PDF-" or _is_binary(piece[:10_000])):
            raise _no_spreadsheet()
        self._wanted = "utf-16" if wide else self._wanted
        names = [self._wanted] if self._wanted else ["utf-8", "cp1252", "cp1250"]
        self._decoders = {name: codecs.getincrementaldecoder(codec_for(name, piece[:2]))() for name in names}

    def _decode(self, name: str, decoder: codecs.IncrementalDecoder, piece: bytes, final: bool = False) -> None:
        if name != "utf-16":
            if b"\0" in piece:
                row = self._lines + piece[: piece.index(b"\0")].count(b"\n") + 1
                raise FileRefused(
                    _("Row %(row)s holds a character that no text has. Type that row again.") % {"row": row}
                )
            if piece.isascii() and not decoder.getstate()[0] and not final:
                return
        try:
            text = decoder.decode(piece, final)
        except UnicodeDecodeError as error:
            if name == "utf-8":
                self._not_utf_8 = self._lines + piece[: error.start].count(b"\n") + 1
            del self._decoders[name]
            return
        if "\0" in text:
            raise _no_spreadsheet()


def _no_spreadsheet() -> FileRefused:
    return FileRefused(_("This is not a spreadsheet. Choose a CSV file or an Excel file (.xlsx)."))


def _is_binary(start: bytes) -> bool:
    """Whether more than one byte in a hundred is a control character that no text has."""
    controls = sum(1 for byte in start if byte < 32 and byte not in b"\t\r\n\x0c\x1b")
    return controls * 100 > len(start)


def _is_wide(start: bytes) -> bool:
    """Whether these are letters of two bytes each (UTF-16 as Windows writes it) without the mark at the beginning."""
    return len(start) > 3 and start[1::2].count(0) * 3 > len(start) and not start[::2].count(0)


def _is_mostly_utf_8(letters: bytes) -> bool:
    """Whether more than half of the bytes beyond ASCII stand as UTF-8 would have them."""
    beyond = sum(byte > 127 for byte in letters)
    return sum(map(len, _OF_UTF_8.findall(letters))) * 2 > beyond


def _is_central(text: str) -> bool:
    """Whether bytes read as cp1252 were meant as cp1250 (Central Europe), by the letters that would stand where."""
    central = sum(1 for character in text if character in _RARE_LETTERS)
    western = sum(1 for character in text if character in _WESTERN_LETTERS)
    for before, character, after in zip(text, text[1:], text[2:], strict=False):
        if character in _SIGNS_IN_WORDS and before.isalpha() | (character in "£¯" and after.isalpha()):
            central += 1
    return central > western
