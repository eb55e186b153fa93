"""Settings: when a message starts, and in which packets it leaves."""

from django import forms
from django.contrib import messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from apps.core.form_looks import LooksMixin, say_bounds
from apps.organizations.models import Organization
from apps.organizations.permissions import Permission, requires

EXAMPLE_FAMILIES = 1000
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class LimitsForm(LooksMixin, forms.ModelForm):
    class Meta:
        model = Organization
        fields = ["packet_size", "packet_interval", "hold_minutes"]
        help_texts = {
            "packet_size": gettext_lazy("A long message leaves in packets of this size."),
            "packet_interval": gettext_lazy("0 means no pause: one packet follows the other."),
            "hold_minutes": gettext_lazy("Until they are over, it can be taken back. 0 means that it starts at once."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        say_bounds(self, *self.fields)


def pace_in_words(organization: Organization) -> str:
    """What packet size and interval mean for a message to a thousand families."""
    size, interval = organization.packet_size, organization.packet_interval
    families = intcomma(EXAMPLE_FAMILIES)
    if not interval:
        return _(
            "Packets of %(size)s, one right after the other: %(families)s families are reached "
            "as fast as the mail server takes the messages."
        ) % {"size": intcomma(size), "families": families}
    pauses = (EXAMPLE_FAMILIES - 1) // size
    pace = {"messages": _messages(size), "seconds": _every(interval), "families": families}
    if not pauses:
        return _("%(messages)s %(seconds)s: %(families)s families are reached in one packet.") % pace
    pace["time"] = _about(pauses * interval)
    return _("%(messages)s %(seconds)s: %(families)s families are reached in about %(time)s.") % pace


def _messages(number: int) -> str:
    return ngettext("%(number)s message", "%(number)s messages", number) % {"number": intcomma(number)}


def _every(seconds: int) -> str:
    return ngettext("every second", "every %(number)s seconds", seconds) % {"number": intcomma(seconds)}


def _about(seconds: int) -> str:
    """The time after which the last packet is through, if it starts after `seconds`: the minute it starts in counts."""
    minutes = seconds // _MINUTE + 1
    if minutes < 120:
        return ngettext("%(number)s minute", "%(number)s minutes", minutes) % {"number": minutes}
    if seconds < 2 * _DAY:
        return _("%(number)s hours") % {"number": round(seconds / _HOUR)}
    return _("%(number)s days") % {"number": round(seconds / _DAY)}


@requires(Permission.MANAGE_ORGANIZATION)
@require_http_methods(["GET", "HEAD", "POST"])
def limits(request: HttpRequest) -> HttpResponse:
    saved = request.organization  # type: ignore[attr-defined]
    # A copy for the form: what is said about the saved values must not change by a mistake in it.
    form = LimitsForm(request.POST or None, instance=Organization.objects.get(pk=saved.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("The schedules and limits are saved."))
        return redirect(saved.url("organization:limits"))
    return render(request, "organization/limits.html", {"form": form, "pace": pace_in_words(saved)})
