"""What an account may be: the providers that Bedel knows, which channels each carries, and what it has to be told.

The ones for email are here; a channel brings its own (`campaigns/channels/registry.py` hands them on).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from apps.channels.email.esp_regions import EUROPEAN_ADDRESSES
from apps.core.registry import Registry

if TYPE_CHECKING:
    from .models import SenderAccount

# Logs in, sends nothing, and says what is wrong (empty: all is well).
Trial = Callable[["SenderAccount"], str]


@dataclass(frozen=True)
class Provider:
    """`fields`: those of SenderAccountForm that mean something for it. `is_service`: it reports to a hook of ours.

    Without a `trial` nobody can tell whether it works before something is sent.
    """

    code: str
    label: Any
    channels: tuple[str, ...]
    fields: frozenset[str] = frozenset()
    is_service: bool = False
    trial: Trial | None = None


# By code, in the order in which they are offered.
PROVIDERS: Registry[Provider] = Registry()


def provider(code: str) -> Provider:
    """The provider with this code; one that carries nothing where the code is of another version of Bedel."""
    return PROVIDERS.get(code) or Provider(code, code, ())


def choices() -> list[tuple[str, Any]]:
    """Code and name of each, in the order in which they were registered."""
    return [(each.code, each.label) for each in PROVIDERS.values()]


def providers_of(channel: str) -> list[str]:
    """The codes of the providers that carry `channel`."""
    return [each.code for each in PROVIDERS.values() if channel in each.channels]


SERVER_FIELDS = frozenset(
    {"host", "port", "security", "authentication", "username", "max_connections", "messages_per_connection"}
)
PASSWORD_FIELDS = frozenset({"password"})
OAUTH2_FIELDS = frozenset({"oauth_token_url", "oauth_client_id", "client_secret", "refresh_token"})
_SERVICE_FIELDS = frozenset({"api_key", "webhook_secret"})


def _service(code: str, name: str) -> Provider:
    fields = _SERVICE_FIELDS | ({"in_europe"} if code in EUROPEAN_ADDRESSES else set())
    fields |= {"provider_domain"} if code == "mailgun" else set()
    return Provider(code, name, ("email",), fields, is_service=True)


def register_those_of_email(trial: Trial) -> None:
    """The mail server, and the mail services."""
    fields = SERVER_FIELDS | PASSWORD_FIELDS | OAUTH2_FIELDS
    PROVIDERS.register("smtp", Provider("smtp", _("A mail server (SMTP)"), ("email",), fields, trial=trial))
    for name in ("Brevo", "Mailgun", "Mailjet", "Postmark", "SendGrid", "SparkPost"):
        PROVIDERS.register(name.lower(), _service(name.lower(), name))
