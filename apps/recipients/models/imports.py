"""Files on their way in, the sources that send one every night, and what a person has to decide."""

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.channels import contact_kind_choices
from apps.core.states import check_transitions
from apps.organizations.scoping import OrganizationModel

from .contacts import ContactPoint
from .groups import Enrolment, Group
from .people import Person


class ImportSource(OrganizationModel):
    """A file that comes again and again: how it is read, and what is done with whoever is missing from it."""

    name = models.CharField(_("name"), max_length=100)
    format = models.CharField(max_length=20)
    # How its columns were mapped and the file was read, as in ImportRun.
    mapping = models.JSONField(default=dict)
    dialect = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    withdraws = models.BooleanField(_("who is missing from the file has left"), default=False)
    # The safety stop, in percent of the people this source keeps in step.
    most_withdrawn = models.PositiveSmallIntegerField(
        _("stop when more would leave than"), default=10, validators=[MaxValueValidator(100)]
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="import_source_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ImportRun(OrganizationModel):
    """One file on its way in: read and shown, then loaded whole or not at all."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", _("Read")
        PLANNING = "planning", _("Being compared")
        PLANNED = "planned", _("Compared")
        QUEUED = "queued", _("Waits")
        RUNNING = "running", _("Loading")
        DONE = "done", _("Done")
        FAILED = "failed", _("Not loaded")

    TRANSITIONS = {
        "uploaded": {"planning", "queued"},
        "planning": {"planned", "uploaded", "failed"},
        "planned": {"queued", "planning", "uploaded"},
        "queued": {"running", "failed"},
        "running": {"done", "failed"},
        "done": set(),
        "failed": {"planning", "queued"},
    }

    class Format(models.TextChoices):
        TABLE = "table", _("One table (CSV or Excel)")
        SDS = "sds", _("Microsoft School Data Sync (ZIP)")
        ONEROSTER = "oneroster", _("OneRoster (ZIP)")
        POWER_SCHOOL = "power_school", _("Contacts of PowerSchool")

    source = models.ForeignKey(ImportSource, on_delete=models.SET_NULL, null=True, blank=True, related_name="runs")
    file = models.FileField(upload_to="imports/%Y/%m/")
    file_name = models.CharField(max_length=255)
    format = models.CharField(max_length=20, choices=Format)
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    # How the file was read (encoding, delimiter, header row), and column position -> field name.
    dialect = models.JSONField(default=dict)
    mapping = models.JSONField(default=dict)
    options = models.JSONField(default=dict)
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    # Of what the run would change (see importing.planning): name of a count -> its first rows.
    examples = models.JSONField(default=dict)
    problem = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(OrganizationModel.Meta):
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["organization", "-created_at"], name="import_run_newest")]

    def __str__(self) -> str:
        return self.file_name


check_transitions(ImportRun.State, ImportRun.TRANSITIONS)


class ImportRowError(OrganizationModel):
    """What is wrong in one cell (or one row) of an imported file."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="errors")
    file_name = models.CharField(max_length=255, blank=True)
    row = models.PositiveIntegerField()
    column = models.CharField(max_length=255, blank=True)
    message = models.CharField(max_length=500)
    # What stands in the cell; and whether the row was left out, or read without this cell.
    value = models.CharField(max_length=300, blank=True)
    is_fatal = models.BooleanField(default=True)

    class Meta(OrganizationModel.Meta):
        ordering = ["id"]
        indexes = [models.Index(fields=["organization", "run", "id"], name="import_error_by_run")]

    def __str__(self) -> str:
        return f"{self.row} {self.column}: {self.message}"


class TakenAway(OrganizationModel):
    """What was taken away from a person by hand: a guardian, or a place in a group. No import brings it back."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="taken_away")
    guardian = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    role = models.CharField(max_length=10, choices=Enrolment.Role, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "person", "guardian"], name="taken_away_guardian"),
            models.UniqueConstraint(fields=["organization", "person", "group", "role"], name="taken_away_from_group"),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.guardian or self.group}"


class ImportConflict(OrganizationModel):
    """An import has another address than the one pinned by hand: a person decides which is right, once."""

    class Decision(models.TextChoices):
        OPEN = "open", _("To be decided")
        TAKEN = "taken", _("Taken from the file")
        KEPT = "kept", _("Kept as it is")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="import_conflicts")
    run = models.ForeignKey(ImportRun, on_delete=models.SET_NULL, null=True, related_name="conflicts")
    channel = models.CharField(max_length=10, choices=contact_kind_choices)
    purpose = models.CharField(max_length=15, choices=ContactPoint.Purpose)
    # What stands pinned (nothing: the address was taken away by hand), and what the file says.
    kept_value = models.CharField(max_length=254, blank=True)
    value = models.CharField(max_length=254)
    normalized = models.CharField(max_length=254)
    decision = models.CharField(max_length=10, choices=Decision, default=Decision.OPEN)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta(OrganizationModel.Meta):
        constraints = [
            # Decided once, the same difference is not asked again the next night.
            models.UniqueConstraint(
                fields=["organization", "person", "channel", "purpose", "normalized"], name="import_conflict_once"
            )
        ]
        indexes = [models.Index(fields=["organization", "decision", "id"], name="import_conflict_open")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.person}: {self.kept_value} / {self.value}"
