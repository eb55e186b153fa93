"""How a person is reached."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.core.channels import EMAIL, PHONE, contact_kind, contact_kind_choices
from apps.core.ranking import rank
from apps.organizations.scoping import OrganizationModel

from .people import Person, Source


class Purpose(models.TextChoices):
    OWN = "own", pgettext_lazy("address", "Own")
    COMMUNICATION = "communication", _("Communication")


# In which order the addresses and numbers of a person are shown.
CHANNELS_SHOWN = (EMAIL, PHONE)
PURPOSES_SHOWN = (Purpose.COMMUNICATION, Purpose.OWN)


class ContactPoint(OrganizationModel):
    """One way to reach a person. `own` is the person's own; `communication` an extra address on a student's record."""

    Purpose = Purpose

    class Health(models.TextChoices):
        GOOD = "good", _("Works")
        FAILED = "failed", _("Came back")
        NO_SMS = "no_sms", _("Cannot receive SMS")

    # Of what is known of one address with several people the first counts; of several addresses the last is used first.
    WORST_HEALTH_FIRST = (Health.FAILED, Health.NO_SMS, Health.GOOD)

    Source = Source

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="contact_points")
    channel = models.CharField(_("channel"), max_length=10, choices=contact_kind_choices, default=EMAIL)
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
        ordering = [rank("channel", CHANNELS_SHOWN), rank("purpose", PURPOSES_SHOWN), "-is_primary", "id"]

    def __str__(self) -> str:
        return self.shown

    @property
    def shown(self) -> str:
        """The value as it stands on pages, with `[ko]` before it when it failed."""
        return f"[ko] {self.value}" if self.health == self.Health.FAILED else self.value

    def clean(self) -> None:
        """Fill `normalized`. Raises ValidationError with a sentence when the value cannot be written to."""
        self.normalized = contact_kind(self.channel).normalize(self.value, self.organization.country)
        self.value = self.value.strip()

    def take_health(self) -> None:
        """Note, without saving, what is known of this address or number, with whomever it stands; else it is good."""
        same = ContactPoint.objects.filter(channel=self.channel, normalized=self.normalized)
        known = same.exclude(health=self.Health.GOOD).order_by(rank("health", self.WORST_HEALTH_FIRST)).first()
        self.health = known.health if known else self.Health.GOOD
        self.health_reason = known.health_reason if known else ""
        self.health_since = known.health_since if known else None

    def mark_good(self) -> None:
        """Note, without saving this row, that a person says the address works: with whomever it stands."""
        good = {"health": self.Health.GOOD, "health_reason": "", "health_since": None}
        same = ContactPoint.objects.filter(channel=self.channel, normalized=self.normalized, health=self.Health.FAILED)
        same.exclude(pk=self.pk).update(**good)
        for name, value in good.items():
            setattr(self, name, value)

    def mark_failed(self, reason: str) -> None:
        """Remember that mail to this address came back; no mailing uses it until it is corrected."""
        self.health, self.health_reason = self.Health.FAILED, reason[:300]
        self.health_since = timezone.now()
        self.save(update_fields=["health", "health_reason", "health_since"])
