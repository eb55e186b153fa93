"""Forms of the years, units and groups of a school."""

from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from apps.core.form_looks import LooksMixin, without_relations
from apps.organizations.models import Unit

from .models import AcademicYear, Group

_LONGEST = 731  # days


class _NameOnce(LooksMixin, forms.ModelForm):
    """A name that nothing else of its kind bears. (The constraint names the organisation, which no form shows.)"""

    name_taken = _("This name is taken already.")

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        same = self._meta.model.objects.filter(name__iexact=" ".join(name.split())).exclude(pk=self.instance.pk)
        if same.exists():
            raise ValidationError(self.name_taken)
        return name


class YearForm(_NameOnce):
    """A school year: the day it starts comes before the day it ends."""

    class Meta:
        model = AcademicYear
        fields = ["name", "starts_on", "ends_on"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = _("Such as 2026-27.")
        for name in ("starts_on", "ends_on"):
            self.fields[name].widget = forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        starts, ends = cleaned.get("starts_on"), cleaned.get("ends_on")
        if starts and ends and ends <= starts:
            self.add_error("ends_on", _("The year has to end after it starts."))
        elif starts and ends and (ends - starts).days > _LONGEST:
            self.add_error("ends_on", _("A school year has 24 months at most."))
        elif starts and ends and (other := self._overlapping(starts, ends)):
            words = {"name": other.name, "first": other.starts_on, "last": other.ends_on}
            sentence = _("The year %(name)s goes from %(first)s to %(last)s. Two years overlap by a month at most.")
            self.add_error("starts_on", sentence % {key: _in_words(value) for key, value in words.items()})
        return cleaned

    def _overlapping(self, starts: date, ends: date) -> AcademicYear | None:
        """Another year with more than a month in common: of the two it could not be said which is now."""
        month = timedelta(days=31)
        others = AcademicYear.objects.exclude(pk=self.instance.pk)
        found = others.filter(starts_on__lt=ends - month, ends_on__gt=starts + month)
        # One that lies within the other has all of it in common, however short it is.
        within = others.filter(starts_on__gte=starts, ends_on__lte=ends) | others.filter(
            starts_on__lte=starts, ends_on__gte=ends
        )
        return (found | within).first()


def _in_words(value: object) -> str:
    return formats.date_format(value, "j F Y") if isinstance(value, date) else str(value)


class UnitForm(_NameOnce):
    """A unit: a school of a group of schools, or a stage of one."""

    class Meta:
        model = Unit
        fields = ["name"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = _("A school, or a stage such as Primary.")


class GroupForm(LooksMixin, forms.ModelForm):
    """A class or a subject of a year, or a group of staff, which has none."""

    unit: "forms.ModelChoiceField[Unit]" = forms.ModelChoiceField(queryset=None, label=_("Unit"), required=False)
    year: "forms.ModelChoiceField[AcademicYear]" = forms.ModelChoiceField(
        queryset=None, label=_("School year"), required=False, help_text=_("A group of staff belongs to no year.")
    )

    class Meta:
        model = Group
        fields = ["kind", "name", "unit", "year"]
        formfield_callback = without_relations

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.all()  # type: ignore[attr-defined]
        self.fields["year"].queryset = AcademicYear.objects.all()  # type: ignore[attr-defined]
        self.fields["unit"].empty_label = _("No unit")  # type: ignore[attr-defined]
        self.fields["year"].empty_label = _("No year")  # type: ignore[attr-defined]

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == Group.Kind.STAFF:
            cleaned["year"] = None
        elif not cleaned.get("year") and "year" not in self.errors:
            self.add_error("year", _("Choose the year of the class or subject."))
        same = Group.objects.filter(**{name: cleaned.get(name) for name in self.Meta.fields})
        if not self.errors and same.exclude(pk=self.instance.pk).exists():
            self.add_error("name", _("There is such a group already in this unit and year."))
        return cleaned


class CopyForm(LooksMixin, forms.Form):
    """Which year's groups are copied, and whether their teachers come with them."""

    source: "forms.ModelChoiceField[AcademicYear]" = forms.ModelChoiceField(
        queryset=None, label=_("Groups of the year")
    )
    with_teachers = forms.BooleanField(label=_("Their teachers stay with them"), required=False)

    def __init__(self, *args, target: AcademicYear, **kwargs):
        super().__init__(*args, **kwargs)
        others = AcademicYear.objects.exclude(pk=target.pk)
        self.fields["source"].queryset = others  # type: ignore[attr-defined]
        self.fields["source"].empty_label = None  # type: ignore[attr-defined]
