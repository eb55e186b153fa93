"""Who may enter the demo schools. Needs no Django, so that the supervisor can print it."""

PASSWORD = "bedel-demo"
SCHOOL_NAMES = {"almendral": "Almendral Schools", "bologna": "Istituto Bologna"}
# Values of RoleName.
ROLES = ("administrator", "office", "teacher")


def login(slug: str, role: str) -> str:
    """The login of the member with `role` in the school `slug`."""
    return f"{role}@{slug}.example"
