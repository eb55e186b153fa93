"""Who receives, beside the people on record: uploaded lists with their own variables, and who no longer wishes to."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.organizations.scoping import OrganizationModel


class UploadedList(OrganizationModel):
    """A file of addresses of people who are not registered. Its further columns are variables, and become tags."""

    name = models.CharField(_("name"), max_length=255)
    variables = models.JSONField(default=list)
    rows_total = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class UploadedRow(OrganizationModel):
    list = models.ForeignKey(UploadedList, on_delete=models.CASCADE, related_name="rows")
    row = models.PositiveIntegerField()
    value = models.CharField(max_length=254)
    normalized = models.CharField(max_length=254)
    name = models.CharField(max_length=200, blank=True)
    variables = models.JSONField(default=dict)

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "list", "normalized"], name="uploaded_row_once")]
        ordering = ["row"]

    def __str__(self) -> str:
        return self.value


class OptOut(OrganizationModel):
    """An address whose owner pressed Unsubscribe: from commercial messages, or from all of them."""

    class Scope(models.TextChoices):
        ALL = "all", _("all messages")
        COMMERCIAL = "commercial", _("commercial messages")

    channel = models.CharField(max_length=10, default="email")
    normalized = models.CharField(max_length=254)
    scope = models.CharField(max_length=12, choices=Scope)
    at = models.DateTimeField(default=timezone.now)
    source = models.CharField(max_length=20, default="link")

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "channel", "normalized", "scope"], name="opt_out_once")
        ]

    def __str__(self) -> str:
        return self.normalized
