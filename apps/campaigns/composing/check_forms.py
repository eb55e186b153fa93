"""The forms of steps three and four."""

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..channels.registry import channel_of
from ..models import Mailing


class TestSendForm(forms.Form):
    """One address, and whose values the copy shows. `once` makes a second press of the same form harmless."""

    __test__ = False

    address = forms.CharField(
        label=_("Send a test to"),
        max_length=254,
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "email"}),
        error_messages={"required": _("Type the address that the test should go to.")},
    )
    as_address = forms.CharField(required=False, max_length=254, widget=forms.HiddenInput)
    once = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args, mailing: Mailing, **kwargs):
        super().__init__(*args, **kwargs)
        self._mailing = mailing

    def clean_address(self) -> str:
        return channel_of(self._mailing).normalize(self.cleaned_data["address"], self._mailing.organization)


FURTHEST_START = timedelta(days=366)


class SendForm(forms.Form):
    """Now, or at a time in the organisation's time zone. `getting` is the number that the page has named."""

    when = forms.ChoiceField(
        label=_("When"),
        choices=[("now", _("Now")), ("later", _("Later"))],
        initial="now",
        widget=forms.RadioSelect,
    )
    starts_at = forms.DateTimeField(
        label=_("Day and time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"class": "input", "type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": _("Choose a day and a time.")},
    )
    getting = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args, getting: int, **kwargs):
        super().__init__(*args, **kwargs)
        self._getting = getting

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        starts_at = cleaned.get("starts_at")
        if cleaned.get("when") == "later" and not starts_at and "starts_at" not in self.errors:
            raise ValidationError({"starts_at": _("Say the day and the time at which it should start.")})
        if cleaned.get("when") == "later" and starts_at and starts_at <= timezone.now():
            raise ValidationError({"starts_at": _("This time is over. Choose a later one.")})
        if cleaned.get("when") == "later" and starts_at and starts_at > timezone.now() + FURTHEST_START:
            raise ValidationError({"starts_at": _("This is more than a year ahead. Choose an earlier time.")})
        if cleaned.get("getting") != self._getting:
            self.data = {**self.data.dict(), "getting": str(self._getting)}  # type: ignore[attr-defined]
            raise ValidationError(_("The number of recipients has changed meanwhile. Look at it again, then press."))
        if cleaned.get("when") != "later":
            cleaned["starts_at"] = None
        return cleaned
