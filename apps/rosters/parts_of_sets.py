"""One file out of a set, offered alone: its rows are no people, and a person would be made of each class."""

from .finding_columns import plain_heading

_ONEROSTER, _MICROSOFT = "OneRoster", "School Data Sync"
_NAMES = {"givenname", "familyname", "firstname", "lastname", "forename", "surname", "fullname"}
# The set, its file, the headings that tell it, and those beside them of which it needs one.
_PARTS: list[tuple[str, str, set[str], set[str]]] = [
    (_ONEROSTER, "manifest", {"propertyname", "value"}, set()),
    (_ONEROSTER, "enrollments", {"classsourcedid", "usersourcedid"}, set()),
    (_MICROSOFT, "relationships", {"usersourcedid", "relationshipusersourcedid"}, set()),
    (_ONEROSTER, "roles", {"usersourcedid", "role"}, set()),
    (_MICROSOFT, "classes", {"sourcedid", "title", "sessionsourcedids"}, set()),
    (_ONEROSTER, "classes", {"sourcedid", "title"}, {"classcode", "classtype", "coursesourcedid", "termsourcedids"}),
    (_ONEROSTER, "courses", {"sourcedid", "title"}, {"coursecode", "orgsourcedid"}),
    (_ONEROSTER, "academicSessions", {"sourcedid", "title", "startdate"}, set()),
    (_ONEROSTER, "orgs", {"sourcedid", "name", "type"}, set()),
    (_ONEROSTER, "demographics", {"sourcedid", "birthdate"}, set()),
    (_MICROSOFT, "StudentEnrollment or TeacherRoster", {"sectionsisid", "sisid"}, set()),
    (_MICROSOFT, "Section", {"sisid", "sectionname"}, set()),
    (_MICROSOFT, "GuardianRelationship", {"sisid", "email", "role"}, set()),
]
# Of a school, of which the first version needs no more than two: all that it may have.
_OF_ANYBODY = {"sisid", "name", "address", "city", "state", "country", "zip", "phone"}
_OF_SCHOOLS = {"schoolnumber", "schoolncesid", "stateid", "gradelow", "gradehigh", "zone"}
_OF_SCHOOLS |= {"principalsisid", "principalname", "principalsecondaryemail"}


def part_of_set(header: list[str]) -> tuple[str, str] | None:
    """The set and the name of the file of which these are the headings; None for those of people, and of any table."""
    plain = {plain_heading(heading) for heading in header} - {""}
    if plain & _NAMES:
        return None
    for name, file, told, one_of in _PARTS:
        if told <= plain and (not one_of or one_of & plain):
            return name, file
    if {"sisid", "name"} <= plain <= _OF_ANYBODY | _OF_SCHOOLS and (len(plain) == 2 or plain & _OF_SCHOOLS):
        return _MICROSOFT, "School"
    return None
