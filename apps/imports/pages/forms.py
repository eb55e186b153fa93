"""The forms of imports: what a saved source is called, and what it does with whoever is missing."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.recipients.models import ImportSource


class SourceForm(forms.ModelForm):
    """A saved import. Names are compared by sources.save_as_source() and by the database."""

    class Meta:
        model = ImportSource
        fields = ["name", "withdraws", "most_withdrawn"]
        labels = {"most_withdrawn": _("Stop when more than so many percent would leave")}
        help_texts = {
            "withdraws": _("Only for files that have everybody. They stay on record as former people."),
            "most_withdrawn": _("Half a file, sent by mistake, must not withdraw half a school."),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("name", "most_withdrawn"):
            self.fields[name].widget.attrs["class"] = "input"

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if ImportSource.objects.filter(name=name).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("There is a source of this name already."))
        return name
