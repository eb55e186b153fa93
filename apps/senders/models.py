"""The From that people see, and the account by which it leaves."""

from secrets import token_urlsafe

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.core.channels import EMAIL, channel_choices
from apps.organizations.scoping import OrganizationModel

from . import providers, secrets


def new_webhook_key() -> str:
    """An unguessable part of an address, different for every account."""
    return token_urlsafe(32)


class SenderAccount(OrganizationModel):
    """How mail leaves: an SMTP server and its login, or a mail service with its key. And whether that works now."""

    class Security(models.TextChoices):
        NONE = "none", _("None (only inside one machine or network)")
        STARTTLS = "starttls", _("STARTTLS (usually port 587)")
        TLS = "tls", _("TLS from the start (usually port 465)")

    class Authentication(models.TextChoices):
        PASSWORD = "password", _("User name and password")
        OAUTH2 = "oauth2", _("OAuth 2 (Microsoft 365, Google)")

    name = models.CharField(_("name"), max_length=100)
    provider = models.CharField(_("leaves by"), max_length=20, choices=providers.choices, default="smtp")
    host = models.CharField(_("server"), max_length=253, blank=True)
    port = models.PositiveIntegerField(
        _("port"), default=587, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    security = models.CharField(_("security"), max_length=10, choices=Security, default=Security.STARTTLS)
    username = models.CharField(_("user name"), max_length=254, blank=True)
    # The password; for a mail service its API key.
    encrypted_password = models.TextField(blank=True, editable=False)

    authentication = models.CharField(
        _("logs in with"), max_length=10, choices=Authentication, default=Authentication.PASSWORD
    )
    oauth_token_url = models.URLField(_("token address"), blank=True)
    oauth_client_id = models.CharField(_("client id"), max_length=200, blank=True)
    encrypted_client_secret = models.TextField(blank=True, editable=False)
    encrypted_refresh_token = models.TextField(blank=True, editable=False)
    encrypted_access_token = models.TextField(blank=True, editable=False)
    access_token_until = models.DateTimeField(null=True, blank=True, editable=False)

    # What a mail service wants besides its key, and the secret part of the address to which it reports.
    provider_domain = models.CharField(_("domain at the service"), max_length=253, blank=True)
    in_europe = models.BooleanField(_("our account there is one of the European Union"), default=False)
    webhook_key = models.CharField(max_length=43, blank=True, editable=False)
    encrypted_webhook_secret = models.TextField(blank=True, editable=False)

    # Limits that hold over all workers; most schools' servers allow three connections at a time.
    messages_per_minute = models.PositiveIntegerField(
        _("messages a minute at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    max_connections = models.PositiveSmallIntegerField(
        _("connections at a time"), default=3, validators=[MinValueValidator(1), MaxValueValidator(50)]
    )
    messages_per_connection = models.PositiveIntegerField(
        _("messages over one connection at most"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    next_allowed_at = models.DateTimeField(null=True, blank=True, editable=False)

    # The circuit: while `problem` stands, nothing leaves by this account; at `retry_at` it is tried again.
    problem = models.TextField(blank=True, editable=False)
    problem_since = models.DateTimeField(null=True, blank=True, editable=False)
    retry_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveSmallIntegerField(default=0, editable=False)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="sender_account_name"),
            models.UniqueConstraint(
                fields=["webhook_key"], condition=~models.Q(webhook_key=""), name="sender_account_webhook_key"
            ),
        ]
        ordering = ["name"]
        verbose_name = _("sender account")

    def __str__(self) -> str:
        return self.name

    # Each of them raises secrets.SecretUnreadable where it is read.
    password = secrets.secret("encrypted_password")
    client_secret = secrets.secret("encrypted_client_secret")
    refresh_token = secrets.secret("encrypted_refresh_token")
    access_token = secrets.secret("encrypted_access_token")
    webhook_secret = secrets.secret("encrypted_webhook_secret")

    @property
    def is_service(self) -> bool:
        """Whether messages leave by a service's own interface, and the service reports what became of them."""
        return providers.provider(self.provider).is_service

    @property
    def webhook_address(self) -> str:
        """Where the mail service reports what became of mails; empty for a mail server, which does not report."""
        if not (self.is_service and self.webhook_key):
            return ""
        return settings.SITE_URL + reverse("heard:events", args=(self.provider, self.webhook_key))


class Sender(OrganizationModel):
    """Who a message of one channel is from. Of each channel one is the default (see make_default)."""

    channel = models.CharField(max_length=10, choices=channel_choices, default=EMAIL, db_default=EMAIL)
    name = models.CharField(_("name people see"), max_length=100)
    # What it is, the channel says (see sender_kinds): an email address, a number, a name.
    address = models.CharField(_("address people see"), max_length=254, db_column="email")
    reply_to = models.EmailField(_("answers go to"), blank=True, help_text=_("Empty: to the address people see."))
    account = models.ForeignKey(
        SenderAccount, on_delete=models.PROTECT, related_name="senders", verbose_name=_("leaves by")
    )
    is_default = models.BooleanField(default=False, editable=False)

    class Meta(OrganizationModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "channel", "address", "name"], name="sender_address"),
            models.UniqueConstraint(
                fields=["organization", "channel"], condition=models.Q(is_default=True), name="sender_one_default"
            ),
        ]
        ordering = ["-is_default", "name"]
        verbose_name = _("sender")

    def __str__(self) -> str:
        return f"{self.name} · {self.address}"

    @classmethod
    def default(cls, channel: str) -> "Sender | None":
        """The one that a new message of `channel` starts with; None without any."""
        return cls.objects.filter(channel=channel).order_by("-is_default", "name").first()

    def make_default(self) -> None:
        """Make this the sender that a new message of its channel starts with."""
        Sender.objects.filter(channel=self.channel, is_default=True).update(is_default=False)
        Sender.objects.filter(pk=self.pk).update(is_default=True)
        self.is_default = True
