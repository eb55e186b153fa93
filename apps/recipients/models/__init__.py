"""People of an organisation, how to reach them, who looks after whom, and the groups they belong to year by year."""

from .contacts import ContactPoint
from .groups import AcademicYear, Enrolment, Group
from .imports import ImportConflict, ImportRowError, ImportRun, ImportSource, TakenAway
from .notes import Note, NoteFolder
from .people import (
    NAME_LENGTH,
    Consent,
    ConsentChange,
    FormerNumber,
    Guardianship,
    KnownApart,
    MergedRecord,
    Person,
    Source,
)

__all__ = [
    "NAME_LENGTH",
    "AcademicYear",
    "Consent",
    "ConsentChange",
    "ContactPoint",
    "Enrolment",
    "FormerNumber",
    "Group",
    "Guardianship",
    "ImportConflict",
    "ImportRowError",
    "ImportRun",
    "ImportSource",
    "KnownApart",
    "MergedRecord",
    "Note",
    "NoteFolder",
    "Person",
    "Source",
    "TakenAway",
]
