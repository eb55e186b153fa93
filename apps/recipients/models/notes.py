"""What the office writes down about a person, in folders."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.organizations.scoping import OrganizationModel

from .people import Person


class NoteFolder(OrganizationModel):
    name = models.CharField(_("name"), max_length=100)

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="note_folder_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Note(OrganizationModel):
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notes")
    folder = models.ForeignKey(NoteFolder, on_delete=models.PROTECT, related_name="notes", verbose_name=_("folder"))
    text = models.TextField(_("note"), max_length=5000)
    at = models.DateTimeField(default=timezone.now)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta(OrganizationModel.Meta):
        indexes = [models.Index(fields=["person", "-at"], name="note_newest")]
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return self.text[:80]
