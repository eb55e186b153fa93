"""Settings of the organisation."""

import zoneinfo

import phonenumbers
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.core.form_looks import LooksMixin
from apps.organizations.models import Organization
from apps.organizations.permissions import Permission, requires


class OrganizationForm(LooksMixin, forms.ModelForm):
    class Meta:
        model = Organization
        fields = ["name", "language", "time_zone", "country", "automatic_unsubscribe_link"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        zones = sorted(zone for zone in zoneinfo.available_timezones() if "/" in zone or zone == "UTC")
        self.fields["time_zone"].widget = forms.Select({"class": "input"}, [(z, z.replace("_", " ")) for z in zones])
        self.fields["country"].help_text = _("Two letters, such as ES: numbers without a prefix are read as its own.")

    def clean_country(self) -> str:
        country = self.cleaned_data["country"].upper()
        if country not in phonenumbers.SUPPORTED_REGIONS:
            raise ValidationError(_("“%(value)s” is no country.") % {"value": country})
        return country


@requires(Permission.MANAGE_ORGANIZATION)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest) -> HttpResponse:
    # A copy of its own: a form with a mistake in it must not change what the frame shows.
    organization = Organization.objects.get(pk=request.organization.pk)  # type: ignore[attr-defined]
    form = OrganizationForm(request.POST or None, instance=organization)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("The settings are saved."))
        return redirect(organization.url("organization:settings"))
    return render(request, "organization/settings.html", {"form": form})
