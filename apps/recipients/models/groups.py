"""School years, and the classes and subjects of each."""

from django.db import models
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.ranking import rank
from apps.organizations.models import Unit
from apps.organizations.scoping import OrganizationModel

from .people import NAME_LENGTH, Person, Source


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


class Group(OrganizationModel):
    """A class or a subject of one year, or a standing group of staff (without a year)."""

    class Kind(models.TextChoices):
        CLASS = "class", _("Class")
        SUBJECT = "subject", _("Subject")
        STAFF = "staff", pgettext_lazy("group", "Staff")

    # In lists; and where a file has one group in two kinds, the first of them counts.
    KINDS_IN_ORDER = (Kind.CLASS, Kind.STAFF, Kind.SUBJECT)
    # For order_by(): how lists show groups.
    BY_PLACE = ("unit__name", rank("kind", KINDS_IN_ORDER), "name")

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
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.HAND)
    # Under which the school's own system speaks of it when the person moves to another class.
    external_id = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "group", "person", "role"], name="enrolment_once")
        ]
        indexes = [
            models.Index(
                fields=["organization", "external_id"],
                condition=~models.Q(external_id=""),
                name="enrolment_by_number",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.group}"
