"""One row per recipient of a mailing: the truth about what was sent. And the packets in which rows are handed out."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.campaigns.audience import Reason
from apps.campaigns.models import Mailing
from apps.core.states import check_transitions
from apps.organizations.scoping import OrganizationModel
from apps.recipients.models import Person


class Delivery(OrganizationModel):
    class State(models.TextChoices):
        SKIPPED = "skipped", _("Skipped")
        WAITING = "waiting", _("Waiting")
        IN_FLIGHT = "in_flight", _("In flight")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")

    TRANSITIONS = {
        "skipped": set(),
        "waiting": {"in_flight", "failed"},
        "in_flight": {"sent", "failed", "waiting", "uncertain"},
        "sent": {"failed"},
        "failed": {"waiting"},
        "uncertain": {"waiting", "sent"},
    }
    OPEN = (State.WAITING, State.IN_FLIGHT)

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="deliveries")
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries")
    name = models.CharField(max_length=402, blank=True)
    address = models.CharField(max_length=254, blank=True)
    normalized = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=10, blank=True)
    variables = models.JSONField(default=dict)
    about = models.ManyToManyField(Person, through="DeliveryAbout", related_name="deliveries_about")

    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    # Why it was skipped: a value of Reason; empty for everybody who gets it.
    reason = models.CharField(max_length=20, choices=Reason, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    server_reply = models.CharField(_("what the server said"), max_length=1000, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta(OrganizationModel.Meta):
        constraints = [
            # A second fan out finds every address taken.
            models.UniqueConstraint(
                fields=["organization", "mailing", "normalized"], condition=Q(reason=""), name="delivery_once"
            ),
            models.UniqueConstraint(
                "organization",
                "mailing",
                Coalesce("person", 0),
                "normalized",
                condition=~Q(reason=""),
                name="delivery_skipped_once",
            ),
        ]
        indexes = [models.Index(fields=["mailing", "state", "id"], name="delivery_by_state")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name or self.address}: {self.state}"


check_transitions(Delivery.State, Delivery.TRANSITIONS)


class DeliveryAbout(OrganizationModel):
    """Whom a delivery is about: the students for whose sake this address is written to."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="abouts")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "delivery", "person"], name="delivery_about_once")
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.person_id}"


class Packet(OrganizationModel):
    """A range of a mailing's delivery ids: what one task is given, and what is handed on when a worker dies."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        LEASED = "leased", _("In hand")
        DONE = "done", _("Done")

    TRANSITIONS = {"waiting": {"leased"}, "leased": {"waiting", "done"}, "done": set()}

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="packets")
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    not_before = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "mailing", "first_id", "attempt"], name="packet_once")
        ]
        indexes = [models.Index(fields=["state", "lease_until"], condition=~Q(state="done"), name="packet_open")]

    def __str__(self) -> str:
        return f"{self.mailing_id}: {self.first_id}-{self.last_id}"


check_transitions(Packet.State, Packet.TRANSITIONS)
