"""People of an organisation, how to reach them, who looks after whom, and the groups they belong to year by year."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.normalizing import normalize_email, normalize_phone, without_accents
from apps.organizations.models import Membership, Unit
from apps.organizations.scoping import OrganizationModel

NAME_LENGTH = 200


class AcademicYear(OrganizationModel):
    name = models.CharField(_("name"), max_length=40)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    external_id = models.CharField(max_length=200, blank=True)

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="academic_year_name")]
        ordering = ["-starts_on"]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "AcademicYear | None":
        """The year of today; before the first and after the last, the nearest one that has begun."""
        today = timezone.localdate()
        return cls.objects.filter(starts_on__lte=today).order_by("-starts_on").first() or cls.objects.last()


class Person(OrganizationModel):
    class Kind(models.TextChoices):
        STUDENT = "student", _("Student")
        GUARDIAN = "guardian", _("Guardian")
        STAFF = "staff", pgettext_lazy("one person", "Staff")
        CONTACT = "contact", _("Contact")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    first_name = models.CharField(_("first name"), max_length=NAME_LENGTH, blank=True)
    last_name = models.CharField(_("last name"), max_length=NAME_LENGTH, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, choices=settings.LANGUAGES)
    unit = models.ForeignKey(Unit, on_delete=models.SET_NULL, null=True, blank=True, related_name="people")
    external_id = models.CharField(_("number in the school's own system"), max_length=200, blank=True)
    active = models.BooleanField(_("at the school now"), default=True)
    membership = models.OneToOneField(
        Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="person", verbose_name=_("login")
    )
    # Name without accents and case, for finding and for sorting; kept by save() and by the import.
    search_name = models.CharField(max_length=2 * NAME_LENGTH + 2, editable=False, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "external_id"], condition=~Q(external_id=""), name="person_external_id"
            )
        ]
        indexes = [models.Index(fields=["organization", "kind", "search_name", "id"], name="person_by_name")]
        ordering = ["search_name", "id"]
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """`Núria Ortega`."""
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def sorted_name(self) -> str:
        """`Ortega, Núria`: as it stands in lists."""
        return ", ".join(part for part in (self.last_name, self.first_name) if part)

    @staticmethod
    def make_search_name(first_name: str, last_name: str) -> str:
        """What search_name holds for a name: last name first, accents and case folded."""
        return without_accents(f"{last_name} {first_name}")[: 2 * NAME_LENGTH + 2]

    def save(self, *args, **kwargs):
        self.search_name = self.make_search_name(self.first_name, self.last_name)
        super().save(*args, **kwargs)

    def accepts_commercial(self) -> bool:
        return self.consents.filter(kind=Consent.Kind.COMMERCIAL, granted=True).exists()


class Guardianship(OrganizationModel):
    student = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="guardianships")
    guardian = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="wardships")
    relation = models.CharField(_("relation"), max_length=60, blank=True)
    restricted = models.BooleanField(_("not to be contacted about this student"), default=False)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "student", "guardian"], name="guardianship_pair"),
            models.CheckConstraint(condition=~Q(student=models.F("guardian")), name="guardianship_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.guardian}: {self.student}"


class Group(OrganizationModel):
    """A class or a subject of one year, or a standing group of staff (without a year)."""

    class Kind(models.TextChoices):
        CLASS = "class", _("Class")
        SUBJECT = "subject", _("Subject")
        STAFF = "staff", pgettext_lazy("group", "Staff")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CLASS)
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    unit = models.ForeignKey(Unit, on_delete=models.SET_NULL, null=True, blank=True, related_name="groups")
    year = models.ForeignKey(AcademicYear, on_delete=models.CASCADE, null=True, blank=True, related_name="groups")
    external_id = models.CharField(max_length=200, blank=True)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(
                "organization", Coalesce("year", 0), Coalesce("unit", 0), "kind", "name", name="group_name"
            )
        ]
        indexes = [models.Index(fields=["organization", "year", "name"], name="group_by_year")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Enrolment(OrganizationModel):
    class Role(models.TextChoices):
        STUDENT = "student", _("Student")
        TEACHER = "teacher", _("Teacher")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="enrolments")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="enrolments")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.STUDENT)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "group", "person", "role"], name="enrolment_once")
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.group}"


class ContactPoint(OrganizationModel):
    """One way to reach a person. `own` is the person's own; `communication` an extra address on a student's record."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("Email")
        PHONE = "phone", _("Telephone")

    class Purpose(models.TextChoices):
        OWN = "own", pgettext_lazy("address", "Own")
        COMMUNICATION = "communication", _("Communication")

    class Health(models.TextChoices):
        GOOD = "good", _("Works")
        FAILED = "failed", _("Came back")

    class Source(models.TextChoices):
        IMPORT = "import", _("Import")
        HAND = "hand", _("Typed by hand")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contact_points")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.EMAIL)
    purpose = models.CharField(_("what for"), max_length=15, choices=Purpose, default=Purpose.OWN)
    value = models.CharField(_("address or number"), max_length=254)
    normalized = models.CharField(max_length=254, editable=False)
    # One own address is primary per person and channel: the one that is written to.
    is_primary = models.BooleanField(_("primary"), default=True)
    health = models.CharField(_("health"), max_length=10, choices=Health, default=Health.GOOD)
    health_reason = models.CharField(_("why"), max_length=300, blank=True)
    health_since = models.DateTimeField(null=True, blank=True)
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.HAND)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "person", "channel", "purpose", "normalized"], name="contact_point_once"
            ),
            models.UniqueConstraint(
                fields=["organization", "person", "channel"],
                condition=Q(purpose="own", is_primary=True),
                name="contact_point_one_primary",
            ),
        ]
        indexes = [models.Index(fields=["organization", "channel", "normalized"], name="contact_point_by_address")]
        ordering = ["channel", "purpose", "-is_primary", "id"]

    def __str__(self) -> str:
        return self.shown

    @property
    def shown(self) -> str:
        """The value as it stands on pages, with `[ko]` before it when it failed."""
        return f"[ko] {self.value}" if self.health == self.Health.FAILED else self.value

    def clean(self) -> None:
        """Fill `normalized`. Raises ValidationError with a sentence when the value cannot be written to."""
        if self.channel == self.Channel.EMAIL:
            self.normalized = normalize_email(self.value)
        else:
            self.normalized = normalize_phone(self.value, self.organization.country)
        self.value = self.value.strip()

    def mark_failed(self, reason: str) -> None:
        """Remember that mail to this address came back; no mailing uses it until it is corrected."""
        self.health, self.health_reason = self.Health.FAILED, reason[:300]
        self.health_since = timezone.now()
        self.save(update_fields=["health", "health_reason", "health_since"])


class Consent(OrganizationModel):
    """Whether a person accepts commercial information: who said so, when."""

    class Kind(models.TextChoices):
        COMMERCIAL = "commercial", _("Commercial information")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="consents")
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.COMMERCIAL)
    granted = models.BooleanField(_("accepted"), default=False)
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(_("source"), max_length=10, choices=ContactPoint.Source, default=ContactPoint.Source.HAND)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "person", "kind"], name="consent_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind}"


class ImportRun(OrganizationModel):
    """One file on its way in: read and shown, then loaded whole or not at all."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Read")
        QUEUED = "queued", _("Waits")
        RUNNING = "running", _("Loading")
        DONE = "done", _("Done")
        FAILED = "failed", _("Not loaded")

    TRANSITIONS = {
        "uploaded": {"queued"},
        "queued": {"running", "failed"},
        "running": {"done", "failed"},
        "done": set(),
        "failed": {"queued"},
    }

    class Format(models.TextChoices):
        TABLE = "table", _("One table (CSV or Excel)")
        SDS = "sds", _("Microsoft School Data Sync (ZIP)")

    file = models.FileField(upload_to="imports/%Y/%m/")
    file_name = models.CharField(max_length=255)
    format = models.CharField(max_length=10, choices=Format)
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    # How the file was read (encoding, delimiter, header row), and column position -> field name.
    dialect = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(OrganizationModel.Meta):
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["organization", "-created_at"], name="import_run_newest")]

    def __str__(self) -> str:
        return self.file_name


class ImportRowError(OrganizationModel):
    """What is wrong in one cell (or one row) of an imported file."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="errors")
    file_name = models.CharField(max_length=255, blank=True)
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=255, blank=True)
    message = models.CharField(max_length=500)

    class Meta(OrganizationModel.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["organization", "run", "id"], name="import_error_by_run")]

    def __str__(self) -> str:
        return f"{self.row} {self.column}: {self.message}"
