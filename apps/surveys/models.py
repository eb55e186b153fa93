"""One question under a message, and what each family answered."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.organizations.scoping import OrganizationModel
from apps.recipients.models import Person


class Question(OrganizationModel):
    class Kind(models.TextChoices):
        YES_NO = "yes_no", _("Yes or no")
        RECEIVED = "received", _("One link: I have received this")

    kind = models.CharField(_("answers"), max_length=10, choices=Kind, default=Kind.YES_NO)
    text = models.CharField(_("question"), max_length=500)
    closes_at = models.DateTimeField(_("may be answered until"), null=True, blank=True)

    def __str__(self) -> str:
        return self.text

    @property
    def choices(self) -> tuple[str, ...]:
        """The answers one can give, as values of Answer.Value."""
        return ("received",) if self.kind == self.Kind.RECEIVED else ("yes", "no")

    @property
    def is_closed(self) -> bool:
        return self.closes_at is not None and self.closes_at <= timezone.now()


class Answer(OrganizationModel):
    """What one address answered about one student. `about` is empty for people who are not registered."""

    class Value(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("No")
        RECEIVED = "received", _("Received")

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="answers")
    about = models.ForeignKey(Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="answers_about")
    by_person = models.ForeignKey(
        Person, on_delete=models.SET_NULL, null=True, blank=True, related_name="answers_given"
    )
    by_address = models.CharField(max_length=254)
    value = models.CharField(max_length=10, choices=Value)
    at = models.DateTimeField(default=timezone.now)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "question", "about", "by_address"], name="answer_once"),
            models.UniqueConstraint(
                fields=["organization", "question", "by_address"],
                condition=Q(about__isnull=True),
                name="answer_once_unregistered",
            ),
        ]
        indexes = [models.Index(fields=["organization", "question", "value"], name="answer_by_value")]

    def __str__(self) -> str:
        return f"{self.by_address}: {self.value}"


class AnswerChange(OrganizationModel):
    """Every press of a button, also those that changed an earlier answer: nothing is overwritten without a trace."""

    answer = models.ForeignKey(Answer, on_delete=models.CASCADE, related_name="changes")
    value = models.CharField(max_length=10, choices=Answer.Value)
    at = models.DateTimeField(default=timezone.now)
    user_agent = models.CharField(max_length=300, blank=True)

    class Meta(OrganizationModel.Meta):
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.answer_id}: {self.value}"
