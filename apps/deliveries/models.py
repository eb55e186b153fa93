"""One row per recipient of a mailing: the truth about what was sent. And the packets in which rows are handed out."""

import json
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Case, Min, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.campaigns.audience import reasons
from apps.campaigns.channels.registry import leaves_once
from apps.campaigns.models import Mailing
from apps.core.fetching import fetch
from apps.core.states import check_transitions
from apps.organizations.models import Organization
from apps.organizations.scoping import OrganizationModel
from apps.recipients.models import Person
from apps.senders.models import SenderAccount

from .retrying import pause_after


class Delivery(OrganizationModel):
    class State(models.TextChoices):
        SKIPPED = "skipped", _("Skipped")
        WAITING = "waiting", _("Waiting")
        IN_FLIGHT = "in_flight", _("In flight")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        BOUNCED = "bounced", _("Came back")
        FAILED = "failed", _("Failed")
        UNCERTAIN = "uncertain", _("Uncertain")

    # Rows of email are not marked as in flight one by one: that is what the lease of their packet says. A report that a
    # copy was delivered, or came back, may be faster than the record of its acceptance.
    TRANSITIONS = {
        "skipped": set(),
        "waiting": {"in_flight", "sent", "failed", "uncertain", "delivered", "bounced"},
        "in_flight": {"sent", "failed", "waiting", "uncertain", "delivered", "bounced"},
        "sent": {"delivered", "bounced"},
        "delivered": {"bounced"},
        "bounced": {"delivered"},
        "failed": {"waiting"},
        "uncertain": {"waiting", "sent", "delivered", "bounced"},
    }
    OPEN = (State.WAITING, State.IN_FLIGHT)
    REACHED = (State.SENT, State.DELIVERED)
    NOT_REACHED = (State.SKIPPED, State.BOUNCED, State.FAILED, State.UNCERTAIN)
    # What a copy is made from, see `row`.
    ROW_FIELDS = ("id", "person_id", "name", "address", "normalized", "language", "variables")

    # Without indexes of their own: those below begin with them, and each costs every row some microseconds twice.
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="+", db_index=False)
    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="deliveries")
    name = models.CharField(max_length=402, blank=True)
    address = models.CharField(max_length=254, blank=True)
    normalized = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=10, blank=True)
    variables = models.JSONField(default=dict)
    about = models.ManyToManyField(Person, through="DeliveryAbout", related_name="deliveries_about")

    # In no index: an outcome rewrites the row where it stands, and no index with it (a "HOT" update of PostgreSQL).
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    # The state of the few that are looked for: NULL for whoever was reached, or still waits.
    not_reached = models.GeneratedField(
        expression=Case(When(state__in=NOT_REACHED, then="state"), default=None),
        output_field=models.CharField(max_length=10, null=True),
        db_persist=True,
    )
    # Why it was skipped: a value of Reason; empty for everybody who gets it.
    reason = models.CharField(max_length=20, choices=reasons.choices, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    server_reply = models.CharField(_("what the server said"), max_length=1000, blank=True)
    # What the provider calls it, of how many parts it consists (segments of an SMS), and what it cost.
    reference = models.CharField(max_length=200, blank=True, db_default="", default="")
    parts = models.PositiveSmallIntegerField(db_default=0, default=0)
    cost = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # When it became what it is; of what was reported later (delivered, came back), by the clock of who reports it.
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
        indexes = [
            models.Index(fields=["mailing", "id"], name="delivery_of_mailing"),
            models.Index(
                fields=["mailing", "not_reached", "id"],
                condition=Q(not_reached__isnull=False),
                name="delivery_not_reached",
            ),
            models.Index(fields=["reference"], condition=~Q(reference=""), name="delivery_by_reference"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.name or self.address}: {self.state}"

    @property
    def row(self) -> tuple:
        """The values of ROW_FIELDS."""
        return tuple(getattr(self, name) for name in self.ROW_FIELDS)


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
    """A range of a mailing's delivery ids: what a worker leases, and what is handed on when it dies.

    `attempt` is the number of the round: rows that the server has put off as often as that are tried in it.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        LEASED = "leased", _("In hand")
        DONE = "done", _("Done")

    TRANSITIONS = {"waiting": {"leased"}, "leased": {"waiting", "done"}, "done": {"waiting"}}

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="packets")
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    size = models.PositiveIntegerField(default=0)  # how many rows it has: others' ids may lie between its own
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    not_before = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    leased_by = models.CharField(max_length=40, blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "mailing", "first_id", "attempt"], name="packet_once")
        ]
        indexes = [
            models.Index(fields=["state", "lease_until"], condition=~Q(state="done"), name="packet_open"),
            models.Index(fields=["mailing", "id"], condition=~Q(state="done"), name="packet_open_of_mailing"),
        ]

    def __str__(self) -> str:
        return f"{self.mailing_id}: {self.first_id}-{self.last_id}"

    @property
    def rows(self):
        """The deliveries of this packet, whatever their state."""
        return Delivery.objects.filter(mailing=self.mailing_id, pk__range=(self.first_id, self.last_id))

    @property
    def ours(self):
        """The row while it is leased by whoever read this instance."""
        return Packet.objects.filter(pk=self.pk, state=self.State.LEASED, leased_by=self.leased_by)

    @property
    def may_go_on(self) -> bool:
        """Whether it is still ours, and its mailing was neither stopped nor deleted."""
        return self.ours.filter(mailing__state=Mailing.State.SENDING).exists()

    def rows_to_try(self, limit: int) -> list[tuple]:
        """Up to `limit` rows that are to be tried in this round, as Delivery.ROW_FIELDS."""
        rows = self.rows.filter(state=Delivery.State.WAITING, attempts__lte=self.attempt).order_by("id")
        taken = fetch(rows.values_list(*Delivery.ROW_FIELDS)[:limit])
        return [(*row[:-1], json.loads(row[-1]) if row[-1] != "{}" else {}) for row in taken]

    @transaction.atomic
    def mark_in_flight(self, delivery_ids: list[int]) -> set[int]:
        """Note, before they are handed over, that these rows leave now, and return which of them may.

        For what must not leave twice: none may when the lease has run out and somebody else holds the packet.
        """
        if not self._is_held():
            return set()
        waiting = self.rows.filter(state=Delivery.State.WAITING, pk__any_of=delivery_ids)
        marked = set(waiting.values_list("pk", flat=True))
        waiting.update(state=Delivery.State.IN_FLIGHT, updated_at=timezone.now())
        return marked

    def give_back(self) -> bool:
        """End the lease: what has no outcome waits again; True when nothing is left, so that the packet is done.

        Does nothing when the lease has run out and somebody else holds the packet.
        """
        return self._end_lease(Delivery.State.WAITING)

    def take_back(self) -> bool:
        """End the lease of a worker that is gone; True when nothing is left.

        Email waits again, and goes under the same Message-ID. Of what must not leave twice nobody can say whether it
        was handed over: it is uncertain, and never repeated by itself.
        """
        return self._end_lease(Delivery.State.UNCERTAIN)

    def _is_held(self) -> bool:
        """Whether it is still ours; until the transaction ends nobody else can take it, or take it back."""
        return self.ours.select_for_update(no_key=True).first() is not None

    @transaction.atomic
    def _end_lease(self, state_of_marked: str) -> bool:
        """Each round tries every row once; what was put off in one round waits, ever longer, for the next."""
        if leaves_once(self.mailing) and self._is_held():
            marked = self.rows.filter(state=Delivery.State.IN_FLIGHT)
            marked.update(state=state_of_marked, updated_at=timezone.now())
        fewest_attempts = self.rows.filter(state=Delivery.State.WAITING).aggregate(fewest=Min("attempts"))["fewest"]
        is_done = fewest_attempts is None
        changes: dict[str, Any] = {"state": self.State.DONE if is_done else self.State.WAITING}
        if not is_done and fewest_attempts > self.attempt:
            not_before = timezone.now() + pause_after(self.attempt)
            changes |= {"not_before": not_before, "attempt": self.attempt + 1}
        return bool(self.ours.update(lease_until=None, **changes)) and is_done


check_transitions(Packet.State, Packet.TRANSITIONS)


class DeliveredCount(OrganizationModel):
    """How many rows of a mailing are in the state "delivered", in several parts: the sum is the number.

    So that nobody reads a million rows to count them, and reports that come at one moment seldom wait for one another.
    """

    SLOTS = 16

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="delivered_counts")
    slot = models.PositiveSmallIntegerField()
    number = models.IntegerField()

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "mailing", "slot"], name="delivered_count_once")]

    def __str__(self) -> str:
        return f"{self.mailing_id}: {self.number}"

    @classmethod
    def add(cls, delivery: Delivery, number: int) -> None:
        """Count `delivery` in (1), or out again (-1): in the transaction that moves it, and last, for it is locked."""
        values = [delivery.organization_id, delivery.mailing_id, delivery.pk % cls.SLOTS, number]
        with connection.cursor() as cursor:
            cursor.execute(_ADD, values)


_ADD = """INSERT INTO deliveries_deliveredcount (organization_id, mailing_id, slot, number) VALUES (%s, %s, %s, %s)
ON CONFLICT (organization_id, mailing_id, slot)
    DO UPDATE SET number = deliveries_deliveredcount.number + excluded.number"""


class Turn(OrganizationModel):
    """When a mailing was last handed a packet: what keeps its organisation's interval, and turns fair."""

    mailing = models.OneToOneField(Mailing, on_delete=models.CASCADE, related_name="turn")
    last_packet_at = models.DateTimeField()

    class Meta(OrganizationModel.Meta):
        indexes = [models.Index(fields=["organization", "-last_packet_at"], name="turn_latest")]

    def __str__(self) -> str:
        return f"{self.mailing_id}: {self.last_packet_at}"


class ConnectionSlots(OrganizationModel):
    """How many connections of an account one worker may hold open, until when."""

    account = models.ForeignKey(SenderAccount, on_delete=models.CASCADE, related_name="slots")
    worker = models.CharField(max_length=40)
    number = models.PositiveSmallIntegerField()
    until = models.DateTimeField()

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "account", "worker"], name="slots_once")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.number} for {self.worker}"


class Event(OrganizationModel):
    """Something that was heard of a delivery afterwards: from the mail service that took it over."""

    class Kind(models.TextChoices):
        DELIVERED = "delivered", _("Delivered")
        DEFERRED = "deferred", _("Delayed")
        BOUNCED = "bounced", _("Came back")
        REJECTED = "rejected", _("Not accepted")
        COMPLAINED = "complained", _("Reported as spam")
        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
        OPENED = "opened", _("Opened")
        CLICKED = "clicked", _("Clicked")

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField()
    detail = models.CharField(max_length=1000, blank=True)
    # Of what came back: the address itself does not work.
    is_hard = models.BooleanField(default=False)
    # The service's own name of the event: told twice, it is written once.
    external_id = models.CharField(max_length=200)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "delivery", "kind", "external_id"], name="event_once")
        ]
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.delivery_id}: {self.kind}"
