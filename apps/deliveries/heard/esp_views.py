"""Where mail services report what became of a message. The address is the secret; where a service signs, it is checked.

A report is read and checked by anymail's own view of the service, which then brings its events by signal to esp_events.
"""

import logging
import warnings
from typing import Any

from anymail.exceptions import AnymailConfigurationError, AnymailInsecureWebhookWarning
from anymail.webhooks.base import AnymailCoreWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from anymail.webhooks.sparkpost import SparkPostTrackingWebhookView
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from apps.organizations.scoping import in_organization, without_scope
from apps.senders import secrets
from apps.senders.models import SenderAccount

logger = logging.getLogger(__name__)

# Nobody knows the address but the service: a secret beside it is welcome, not needed.
warnings.filterwarnings("ignore", category=AnymailInsecureWebhookWarning)

_VIEWS = {
    "brevo": BrevoTrackingWebhookView,
    "mailgun": MailgunTrackingWebhookView,
    "mailjet": MailjetTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
    "sendgrid": SendGridTrackingWebhookView,
    "sparkpost": SparkPostTrackingWebhookView,
}
_NONSENSE = (AnymailConfigurationError, ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError)


@csrf_exempt
@never_cache
def events(request: HttpRequest, provider: str, webhook_key: str) -> HttpResponse:
    """Take a report. Whom the address does not belong to finds nothing there; only POST changes anything."""
    with without_scope():
        accounts = SenderAccount.objects.select_related("organization")
        account = accounts.filter(provider=provider, webhook_key=webhook_key).first()
    if account is None or provider not in _VIEWS:
        raise Http404
    with in_organization(account.organization):
        try:
            view = _view_for(account)
        except (secrets.SecretUnreadable, ValueError):
            logger.warning("sender account %s: the stored secret for reports cannot be used", account.pk)
            return HttpResponse(status=503)  # the service tries again later
        view.setup(request)
        return view.dispatch(request)


def _view_for(account: SenderAccount) -> AnymailCoreWebhookView:
    """anymail's view, with the account's secret. Raises SecretUnreadable, ValueError for one that is no key."""
    view = _VIEWS[account.provider]
    careful: Any = type(view.__name__, (_Careful, view), {})
    secret = secrets.decrypt(account.encrypted_webhook_secret)
    if account.provider == "mailgun":  # always signed, by older accounts with the key itself
        return careful(webhook_secret=[], webhook_signing_key=secret or account.password)
    if account.provider == "sendgrid":
        return careful(webhook_secret=[], tracking_webhook_verification_key=secret or None)
    return careful(webhook_secret=secret or [])  # `user:password` of HTTP's basic authentication


class _Careful:
    """What is no report of the service is a bad request, not a fault of ours."""

    def run_validators(self, request: HttpRequest) -> None:
        _or_bad_request(super().run_validators, request)  # type: ignore[misc]

    def parse_events(self, request: HttpRequest) -> list:
        return _or_bad_request(super().parse_events, request)  # type: ignore[misc]


def _or_bad_request(read: Any, request: HttpRequest) -> Any:
    try:
        return read(request)
    except _NONSENSE as error:
        raise BadRequest("this is no report of the service") from error
