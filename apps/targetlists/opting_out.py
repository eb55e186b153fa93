"""Stop writing to an address, and take that back."""

from django.db.models import QuerySet

from .models import OptOut


def opt_out(address: str, *, commercial: bool, source: str = "link") -> OptOut:
    """Remember that the owner of `address` (normalised) wants no more: of commercial messages alone, or of any."""
    scope = OptOut.Scope.COMMERCIAL if commercial else OptOut.Scope.ALL
    return OptOut.objects.get_or_create(normalized=address, scope=scope, channel="email", defaults={"source": source})[
        0
    ]


def opt_in_again(address: str, *, commercial: bool) -> None:
    """The owner of `address` takes his wish back, so that such messages come again: whatever kept them away goes."""
    _keeping_away(address, commercial).delete()


def has_opted_out(address: str, *, commercial: bool) -> bool:
    """Whether such a message would be kept from `address`."""
    return _keeping_away(address, commercial).exists()


def _keeping_away(address: str, commercial: bool) -> QuerySet[OptOut]:
    scopes = [OptOut.Scope.ALL, OptOut.Scope.COMMERCIAL] if commercial else [OptOut.Scope.ALL]
    return OptOut.objects.filter(normalized=address, scope__in=scopes, channel="email")
