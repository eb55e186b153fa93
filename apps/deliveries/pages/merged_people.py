"""What happens to the record of sending when two people on record turn out to be one."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from apps.recipients.merging import move_rows
from apps.recipients.models import Person

from ..models import Delivery, DeliveryAbout

_SAME = ("mailing", "normalized")
FIGURES = ((_("Messages"), Delivery, "person"), (_("Messages about them"), DeliveryAbout, "person"))


def move(kept: Person, gone: Person) -> None:
    """Every row stays, but for those by which the same mailing left out the same address of both: one of the two."""
    move_rows(Delivery, "person", kept, gone, _SAME, among=~Q(reason=""), first=_keep_abouts)
    move_rows(DeliveryAbout, "person", kept, gone, ("delivery",))


def _keep_abouts(going: QuerySet, counted: QuerySet) -> None:
    """Whom the row that goes is about, the one that stays is about too."""
    twin = counted.filter(**{name: OuterRef(name) for name in _SAME}).values("pk")[:1]
    of_about = going.filter(pk=OuterRef("delivery")).annotate(twin=Subquery(twin)).values("twin")[:1]
    abouts = DeliveryAbout.objects.filter(delivery__in=going).annotate(twin=Subquery(of_about))
    known = DeliveryAbout.objects.filter(delivery=OuterRef("twin"), person=OuterRef("person"))
    abouts.filter(~Exists(known)).update(delivery=F("twin"))
