"""Tenants, their units, and who may do what in them."""

import zoneinfo
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from .permissions import NEEDED_FOR, SHIPPED_ROLES, Permission, RoleName
from .scoping import OrganizationModel


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(value)s” is not a time zone."), params={"value": value})


class Organization(models.Model):
    slug = models.SlugField(_("address in the portal"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    language = models.CharField(_("language"), max_length=10, default="en", choices=settings.LANGUAGES)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    country = models.CharField(_("country"), max_length=2, default="ES", help_text=_("Two letters, such as ES."))
    automatic_unsubscribe_link = models.BooleanField(_("add the unsubscribe link by itself"), default=True)
    hold_minutes = models.PositiveSmallIntegerField(
        _("minutes to wait before a message starts"), default=0, validators=[MaxValueValidator(1440)]
    )
    packet_size = models.PositiveSmallIntegerField(
        _("messages in a packet"), default=100, validators=[MinValueValidator(1), MaxValueValidator(5000)]
    )
    packet_interval = models.PositiveIntegerField(
        _("seconds from one packet to the next"), default=60, validators=[MaxValueValidator(86_400)]
    )
    # What is turned on beside email: codes, such as that of a channel.
    modules = models.JSONField(default=list, blank=True, db_default=[])
    # Of the letter on paper to families that no email reaches; empty: Bedel's own words.
    letter_text = models.TextField(_("text of the printed letter"), blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")

    def __str__(self) -> str:
        return self.name

    def url(self, name: str, *args) -> str:
        """The path of the page `name` within this organisation, such as `/o/almendral/people/3/`."""
        return reverse(name, args=(self.slug, *args))

    def get_absolute_url(self) -> str:
        return self.url("organization:home")


class Unit(OrganizationModel):
    """A school of a group of schools, or a stage (infants, primary) of one school."""

    name = models.CharField(_("name"), max_length=200)
    external_id = models.CharField(max_length=200, blank=True)

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="unit_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(OrganizationModel):
    name = models.CharField(_("name"), max_length=40)
    permissions = models.JSONField(_("permissions"), default=list)

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="role_name")]
        ordering = ["name"]

    def __str__(self) -> str:
        return str(RoleName(self.name).label) if self.name in RoleName.values else self.name

    @classmethod
    def ship(cls) -> None:
        """Create the shipped roles in the organisation of the open scope, where they are missing."""
        roles = [cls(name=name, permissions=sorted(permissions)) for name, permissions in SHIPPED_ROLES.items()]
        cls.objects.bulk_create(roles, ignore_conflicts=True)


class Membership(OrganizationModel):
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.ForeignKey(Role, on_delete=models.PROTECT, related_name="memberships")

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="membership_user")]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"

    def may(self, permission: str) -> bool:
        """Whether this member's role holds `permission` (a value of Permission), and what it needs besides."""
        needed = (permission, *NEEDED_FOR.get(Permission(permission), ()))
        return all(Permission(each).value in self.role.permissions for each in needed)

    def may_any(self, permissions: Iterable[str]) -> bool:
        """Whether this member holds at least one of `permissions`; where none is asked for, everybody may."""
        asked = tuple(permissions)
        return not asked or any(map(self.may, asked))
