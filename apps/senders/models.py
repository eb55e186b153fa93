"""The From that people see, and the account by which it leaves."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.organizations.scoping import OrganizationModel

from . import secrets


class SenderAccount(OrganizationModel):
    """How mail leaves: for now an SMTP server and its login."""

    class Security(models.TextChoices):
        NONE = "none", _("None (only inside one machine or network)")
        STARTTLS = "starttls", _("STARTTLS (usually port 587)")
        TLS = "tls", _("TLS from the start (usually port 465)")

    name = models.CharField(_("name"), max_length=100)
    host = models.CharField(_("server"), max_length=253)
    port = models.PositiveIntegerField(
        _("port"), default=587, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    security = models.CharField(_("security"), max_length=10, choices=Security, default=Security.STARTTLS)
    username = models.CharField(_("user name"), max_length=254, blank=True)
    encrypted_password = models.TextField(blank=True, editable=False)

    class Meta(OrganizationModel.Meta):
        constraints = [models.UniqueConstraint(fields=["organization", "name"], name="sender_account_name")]
        ordering = ["name"]
        verbose_name = _("sender account")

    def __str__(self) -> str:
        return self.name

    @property
    def password(self) -> str:
        return secrets.decrypt(self.encrypted_password)

    @password.setter
    def password(self, value: str) -> None:
        self.encrypted_password = secrets.encrypt(value)


class Sender(OrganizationModel):
    """A From address. Exactly one of an organisation's senders is the default (see make_default)."""

    name = models.CharField(_("name people see"), max_length=100)
    email = models.EmailField(_("address people see"))
    reply_to = models.EmailField(_("answers go to"), blank=True, help_text=_("Empty: to the address people see."))
    account = models.ForeignKey(
        SenderAccount, on_delete=models.PROTECT, related_name="senders", verbose_name=_("leaves by")
    )
    is_default = models.BooleanField(default=False, editable=False)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "email", "name"], name="sender_address"),
            models.UniqueConstraint(
                fields=["organization"], condition=models.Q(is_default=True), name="sender_one_default"
            ),
        ]
        ordering = ["-is_default", "name"]
        verbose_name = _("sender")

    def __str__(self) -> str:
        return f"{self.name} · {self.email}"

    def make_default(self) -> None:
        """Make this the sender that a new message starts with."""
        Sender.objects.filter(is_default=True).update(is_default=False)
        Sender.objects.filter(pk=self.pk).update(is_default=True)
        self.is_default = True
