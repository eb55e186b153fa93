"""Name and kind of a list."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.form_looks import LooksMixin

from .members import free_name
from .models import TargetList


class NameForm(LooksMixin, forms.Form):
    """What the list is called."""

    name = forms.CharField(label=_("Name"), max_length=200, required=False)

    def __init__(self, *args, target_list: TargetList | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self._list = target_list
        self.fields["name"].widget.attrs["autofocus"] = True

    def clean_name(self) -> str:
        return free_name(self.cleaned_data["name"], self._list)


class NewListForm(NameForm):
    """A new list: picked by hand, kept by a filter, or read from a file."""

    kind = forms.ChoiceField(
        label=_("How it is filled"),
        initial=TargetList.Kind.STATIC,
        choices=[
            (TargetList.Kind.STATIC, _("I pick people and type addresses")),
            (TargetList.Kind.FILTER, _("By a filter that keeps it in step")),
            (TargetList.Kind.UPLOADED, _("From a file, with further columns as tags")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how the list is filled.")},
    )
    file = forms.FileField(label=_("Excel (.xlsx) or CSV"), required=False, allow_empty_file=True)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["file"].widget.attrs |= {"accept": ".csv,.txt,.xlsx"}

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        if data.get("kind") == TargetList.Kind.UPLOADED and not data.get("file"):
            self.add_error("file", _("Choose a file first."))
        return data
