"""A person on record, who looks after whom, and what a person has agreed to."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.normalizing import without_accents
from apps.organizations.models import Membership, Unit
from apps.organizations.scoping import OrganizationModel

NAME_LENGTH = 200


class Source(models.TextChoices):
    """Where a detail comes from. What was typed by hand is pinned: no import overwrites it."""

    IMPORT = "import", _("Import")
    HAND = "hand", _("Typed by hand")


class Person(OrganizationModel):
    class Kind(models.TextChoices):
        STUDENT = "student", _("Student")
        GUARDIAN = "guardian", _("Guardian")
        STAFF = "staff", pgettext_lazy("one person", "Staff")
        CONTACT = "contact", _("Contact")
        LEAD = "lead", _("Lead")
        ACCOUNT = "account", _("Company")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    first_name = models.CharField(_("first name"), max_length=NAME_LENGTH, blank=True)
    last_name = models.CharField(_("last name"), max_length=NAME_LENGTH, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True, choices=settings.LANGUAGES)
    unit = models.ForeignKey(Unit, on_delete=models.SET_NULL, null=True, blank=True, related_name="people")
    external_id = models.CharField(_("number in the school's own system"), max_length=200, blank=True)
    # A passport, DNI, codice fiscale ...: capitals and digits alone, see normalize_document().
    document = models.CharField(_("identity document"), max_length=40, blank=True)
    active = models.BooleanField(_("at the school now"), default=True)
    left_on = models.DateField(_("left on"), null=True, blank=True)
    # Who said that he has left: whom an import withdrew, an import brings back; whom the office did, it does not.
    left_source = models.CharField(max_length=10, choices=Source, blank=True, default="", editable=False)
    # The import that keeps this person in step: whom its file no longer has is withdrawn. None: kept by hand.
    import_source = models.ForeignKey(
        "recipients.ImportSource", on_delete=models.SET_NULL, null=True, blank=True, related_name="people"
    )
    membership = models.OneToOneField(
        Membership, on_delete=models.SET_NULL, null=True, blank=True, related_name="person", verbose_name=_("login")
    )
    # Name without accents and case, for finding and for sorting; kept by save() and by the import.
    search_name = models.CharField(max_length=2 * NAME_LENGTH + 2, editable=False, default="")
    # Of a name that was mended by hand: the one, folded, under which imports know the person. It pins the name.
    imported_name = models.CharField(max_length=2 * NAME_LENGTH + 2, editable=False, default="")
    language_source = models.CharField(max_length=10, choices=Source, blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "external_id"], condition=~Q(external_id=""), name="person_external_id"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "kind", "search_name", "id"], name="person_by_name"),
            models.Index(fields=["organization", "document"], condition=~Q(document=""), name="person_by_document"),
        ]
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


class FormerNumber(OrganizationModel):
    """A number in the school's own system of somebody who was merged into `person`: imports know both by it.

    `known_as` is the folded name that imports know under it, as Person.imported_name.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="former_numbers")
    external_id = models.CharField(max_length=200)
    known_as = models.CharField(max_length=2 * NAME_LENGTH + 2, blank=True, default="")

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "external_id"], name="former_number_once"),
            models.CheckConstraint(condition=~Q(external_id=""), name="former_number_not_empty"),
        ]
        ordering = ["external_id"]

    def __str__(self) -> str:
        return self.external_id


class MergedRecord(OrganizationModel):
    """That the record with the id `former_id`, which may stand in a mailed link, was merged into that of `person`."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    former_id = models.BigIntegerField()

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "former_id"], name="merged_record_once"),
        ]

    def __str__(self) -> str:
        return f"{self.former_id}: {self.person_id}"


class Guardianship(OrganizationModel):
    student = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="guardianships")
    guardian = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="wardships")
    relation = models.CharField(_("relation"), max_length=60, blank=True)
    restricted = models.BooleanField(_("not to be contacted about this student"), default=False)
    restricted_since = models.DateField(null=True, blank=True)
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.HAND)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "student", "guardian"], name="guardianship_pair"),
            models.CheckConstraint(condition=~Q(student=models.F("guardian")), name="guardianship_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.guardian}: {self.student}"


class Consent(OrganizationModel):
    """What a person has agreed to, as it stands now: who said so, when. ConsentChange has the history."""

    class Kind(models.TextChoices):
        COMMERCIAL = "commercial", _("Commercial information")
        PHOTOGRAPHS = "photographs", _("Photographs")

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="consents")
    kind = models.CharField(max_length=20, choices=Kind, default=Kind.COMMERCIAL)
    granted = models.BooleanField(_("accepted"), default=False)
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.HAND)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "person", "kind"], name="consent_once")]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind}"


class ConsentChange(OrganizationModel):
    """One step in the history of a consent. Written together with the Consent, and never changed."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="consent_changes")
    kind = models.CharField(max_length=20, choices=Consent.Kind)
    granted = models.BooleanField(_("accepted"))
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(_("source"), max_length=10, choices=Source, default=Source.HAND)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta(OrganizationModel.Meta):
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.person}: {self.kind} {self.granted}"


class KnownApart(OrganizationModel):
    """Two people who look like one and are two, as somebody has said. `first` is the one with the lower id."""

    first = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "first", "second"], name="known_apart_once"),
            models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="known_apart_in_order"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.first} / {self.second}"
