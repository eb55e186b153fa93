"""Who receives, beside the people on record: uploaded lists with their own variables, and who no longer wishes to."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.channels import EMAIL, channel_choices
from apps.organizations.scoping import OrganizationModel
from apps.recipients.models import Person


class TargetList(OrganizationModel):
    """A list of recipients that many messages may use, to write to or to leave out.

    A filter list has no members of its own: whoever meets its condition is on it, at every moment anew.
    """

    class Kind(models.TextChoices):
        STATIC = "static", _("Picked by hand")
        FILTER = "filter", _("By a filter")
        UPLOADED = "uploaded", _("From a file")

    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.STATIC)
    # A filter list: the tree of conditions, see targetlists/conditions.py.
    condition = models.JSONField(default=dict, blank=True)
    # An uploaded list: the rows of the file, with their own variables.
    uploaded = models.OneToOneField(
        "UploadedList", on_delete=models.PROTECT, null=True, blank=True, related_name="target_list"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="target_list_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TargetListMember(OrganizationModel):
    """Somebody on a static list: a person on record, or an address of somebody who is not."""

    list = models.ForeignKey(TargetList, on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="list_memberships")
    address = models.CharField(max_length=254, blank=True)
    normalized = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "list", "person"], name="list_member_once"),
            models.UniqueConstraint(
                fields=["organization", "list", "normalized"], condition=~Q(normalized=""), name="list_address_once"
            ),
            models.CheckConstraint(
                condition=Q(person__isnull=False, normalized="") | Q(person__isnull=True) & ~Q(normalized=""),
                name="list_member_one_thing",
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.person or self.address)


class UploadedList(OrganizationModel):
    """A file of addresses of people who are not registered. Its further columns are variables, and become tags."""

    name = models.CharField(_("name"), max_length=255)
    variables = models.JSONField(default=list)
    rows_total = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    about_repeated = ""  # after an upload alone, see upload_list

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

    channel = models.CharField(max_length=10, choices=channel_choices, default=EMAIL)
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
