"""Stop writing to an address, and take that back. Opt-outs hold for one channel of messages, by its code."""

from django.db.models import QuerySet

from apps.core.channels import EMAIL

from .models import OptOut


def opt_out(address: str, *, commercial: bool, source: str = "link", channel: str = EMAIL) -> OptOut:
    """Remember that the owner of `address` (normalised) wants no more: of commercial messages alone, or of any."""
    scope = OptOut.Scope.COMMERCIAL if commercial else OptOut.Scope.ALL
    wish, _is_new = OptOut.objects.get_or_create(
        normalized=address, scope=scope, channel=channel, defaults={"source": source}
    )
    return wish


def opt_in_again(address: str, *, commercial: bool, channel: str = EMAIL) -> None:
    """The owner of `address` takes his wish back, so that such messages come again: whatever kept them away goes."""
    _keeping_away(address, commercial, channel).delete()


def has_opted_out(address: str, *, commercial: bool, channel: str = EMAIL) -> bool:
    """Whether such a message would be kept from `address`."""
    return _keeping_away(address, commercial, channel).exists()


def _keeping_away(address: str, commercial: bool, channel: str) -> QuerySet[OptOut]:
    scopes = [OptOut.Scope.ALL, OptOut.Scope.COMMERCIAL] if commercial else [OptOut.Scope.ALL]
    return OptOut.objects.filter(normalized=address, scope__in=scopes, channel=channel)
