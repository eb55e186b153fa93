"""A message that is written once and goes to many: what it says, to whom, and when it may start."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.channels import EMAIL, channel_choices
from apps.core.merge_tags import as_title
from apps.core.states import check_transitions
from apps.organizations.scoping import OrganizationModel
from apps.recipients.models import AcademicYear, Group, Person
from apps.senders.models import Sender, SenderAccount
from apps.surveys.models import Question
from apps.targetlists.models import TargetList, UploadedList

SUBJECT_LENGTH = 300


class Mailing(OrganizationModel):
    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PENDING = "pending", _("Waits for its start")
        SENDING = "sending", _("Sending")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")

    TRANSITIONS = {
        "draft": {"pending"},
        "pending": {"draft", "sending"},
        "sending": {"stopped", "done"},
        "stopped": {"sending", "done"},
        "done": {"sending"},  # when a person lets uncertain messages be sent again
    }

    channel = models.CharField(max_length=10, choices=channel_choices, default=EMAIL)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)

    # Who gets it (with `entries` and `uploaded_list`).
    sender = models.ForeignKey(
        Sender, on_delete=models.PROTECT, null=True, related_name="mailings", verbose_name=_("from")
    )
    reply_to = models.EmailField(_("replies go to"), blank=True)
    year = models.ForeignKey(AcademicYear, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    include_former = models.BooleanField(_("former students too"), default=False)
    to_guardians = models.BooleanField(_("guardians"), default=True)
    to_personal = models.BooleanField(_("personal"), default=False)
    to_communication = models.BooleanField(_("communication"), default=True)
    uploaded_list = models.ForeignKey(
        UploadedList, on_delete=models.SET_NULL, null=True, blank=True, related_name="mailings"
    )

    # What it says.
    subject = models.CharField(_("subject"), max_length=SUBJECT_LENGTH, blank=True)
    body = models.TextField(_("message"), blank=True)
    # Known to the part called "question" alone.
    question = models.OneToOneField(Question, on_delete=models.SET_NULL, null=True, blank=True, related_name="mailing")
    # What else it carries: by the code of each part its label and, from the start on, what was frozen of it.
    parts = models.JSONField(default=dict, db_default={})
    commercial = models.BooleanField(_("this is commercial mail"), default=False)

    # When, and what became of it. The frozen_ fields hold what is really sent, made safe at the start.
    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    # The account whose trouble paused it: when that works again, the mailing goes on by itself.
    waits_for = models.ForeignKey(SenderAccount, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    frozen_html = models.TextField(blank=True)
    frozen_text = models.TextField(blank=True)
    frozen_sender = models.CharField(max_length=100, blank=True)  # its name

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta(OrganizationModel.Meta):
        indexes = [
            models.Index(fields=["organization", "state", "-id"], name="mailing_by_state"),
            models.Index(fields=["state", "starts_at"], condition=Q(state="pending"), name="mailing_due"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return as_title(self.subject) or str(_("(no subject yet)"))

    @property
    def sender_name(self) -> str:
        """The name that families saw, whatever the sender is called since; of a draft, the name that it has."""
        return self.frozen_sender or (self.sender.name if self.sender else "")

    @property
    def is_paused(self) -> bool:
        """Whether it stopped by itself, and goes on by itself once its account works."""
        return self.state == self.State.STOPPED and self.waits_for_id is not None

    @property
    def state_word(self) -> str:
        """The word that stands for its state on pages."""
        return _("Paused") if self.is_paused else self.State(self.state).label  # type: ignore[return-value]


check_transitions(Mailing.State, Mailing.TRANSITIONS)


class AudienceEntry(OrganizationModel):
    """One thing in the "Chosen" pane: a group, a person, a target list, or a typed address."""

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="entries")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    target_list = models.ForeignKey(TargetList, on_delete=models.CASCADE, null=True, blank=True, related_name="entries")
    # Of a list: whoever is on it, or shares an address with somebody on it, is left out.
    is_excluded = models.BooleanField(default=False)
    address = models.CharField(max_length=254, blank=True)
    normalized = models.CharField(max_length=254, blank=True)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "mailing", "group"], name="audience_group_once"),
            models.UniqueConstraint(fields=["organization", "mailing", "person"], name="audience_person_once"),
            models.UniqueConstraint(fields=["organization", "mailing", "target_list"], name="audience_list_once"),
            models.UniqueConstraint(
                fields=["organization", "mailing", "normalized"],
                condition=~Q(normalized=""),
                name="audience_address_once",
            ),
            models.CheckConstraint(
                condition=Q(group__isnull=False, person__isnull=True, target_list__isnull=True, normalized="")
                | Q(group__isnull=True, person__isnull=False, target_list__isnull=True, normalized="")
                | Q(group__isnull=True, person__isnull=True, target_list__isnull=False, normalized="")
                | Q(group__isnull=True, person__isnull=True, target_list__isnull=True) & ~Q(normalized=""),
                name="audience_entry_one_thing",
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return str(self.group or self.person or self.target_list or self.address)


class Attachment(OrganizationModel):
    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="attachments")
    file = models.FileField(upload_to="attachments/%Y/%m/")
    name = models.CharField(_("name"), max_length=255)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("size"))

    class Meta(OrganizationModel.Meta):
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class TestSend(OrganizationModel):
    """A copy sent to somebody of the office to look at: the real message, and counted nowhere."""

    __test__ = False  # pytest: the name is no test's

    class State(models.TextChoices):
        WAITING = "waiting", _("On its way")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")

    mailing = models.ForeignKey(Mailing, on_delete=models.CASCADE, related_name="test_sends")
    address = models.CharField(_("to"), max_length=254)
    # Whose values it shows; empty for an audience without registered people.
    as_address = models.CharField(max_length=254, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    server_reply = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(OrganizationModel.Meta):
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.address
