"""Forms of the people's pages."""

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from apps.core.channels import EMAIL
from apps.core.form_looks import LooksMixin
from apps.core.normalizing import normalize_document
from apps.organizations.models import Unit

from .family import pin_name, set_here
from .former_numbers import choose_number, holder_of
from .models import AcademicYear, ContactPoint, Group, Guardianship, NoteFolder, Person, Source


class PersonForm(LooksMixin, forms.ModelForm):
    """Name, language, unit and the school's own number. A name in either field is enough.

    Names and languages that are typed here are pinned against imports.
    """

    unit: "forms.ModelChoiceField[Unit]" = forms.ModelChoiceField(queryset=None, label=_("Unit"), required=False)

    class Meta:
        model = Person
        fields = ["first_name", "last_name", "language", "unit", "external_id", "document", "active"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = Unit.objects.all()  # type: ignore[attr-defined]
        if self.instance.kind == Person.Kind.ACCOUNT:
            self.fields["last_name"].label = _("Name of the company")
            del self.fields["first_name"]

    def clean_document(self) -> str:
        return normalize_document(self.cleaned_data["document"])

    def save(self, commit: bool = True) -> Person:
        """Save; the day on which somebody leaves is noted, and forgotten when he comes back."""
        if "active" in self.changed_data:
            set_here(self.instance, self.instance.active)
        if {"first_name", "last_name"} & set(self.changed_data):
            pin_name(self.instance)
        if "language" in self.changed_data:
            self.instance.language_source = Source.HAND
        if "external_id" in self.changed_data and self.instance.pk:
            choose_number(self.instance, self.instance.external_id)
        return super().save(commit)

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("first_name") and not cleaned.get("last_name") and not self.errors:
            raise ValidationError(_("Write at least one of the two names."))
        number = cleaned.get("external_id")
        # s12 beside S12 is a slip; an import may bring both, for there they are two numbers.
        taken = Person.objects.filter(external_id__iexact=number).exclude(pk=self.instance.pk) if number else None
        if taken and taken.exists():
            self.add_error("external_id", _("%(who)s has this number already.") % {"who": taken[0].full_name})
        elif holder := holder_of(number or "", other_than=self.instance):
            sentence = _("%(who)s had this number before a merge, and imports still know %(who)s by it.")
            self.add_error("external_id", sentence % {"who": holder.full_name})
        if "document" in self.changed_data and cleaned.get("document"):
            same = Person.objects.filter(kind=self.instance.kind, document=cleaned["document"])
            other = same.exclude(pk=self.instance.pk).first()
            if other:
                self.add_error("document", _("%(who)s has this document already.") % {"who": other.full_name})
        return cleaned


class ContactPointForm(LooksMixin, forms.ModelForm):
    """An address or a number. Saving it by hand pins it against imports."""

    works_again = forms.BooleanField(
        label=_("It works again"),
        required=False,
        help_text=_(
            "Tick this if you know that mail to it arrives now. Messages use it again, with whomever it stands."
        ),
    )

    class Meta:
        model = ContactPoint
        fields = ["channel", "purpose", "value"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.person.kind != Person.Kind.STUDENT:
            del self.fields["purpose"]
        if self.instance.health != ContactPoint.Health.FAILED:
            del self.fields["works_again"]

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        if "value" not in cleaned or "channel" not in cleaned:
            return cleaned
        point = ContactPoint(person=self.instance.person, channel=cleaned["channel"], value=cleaned["value"])
        try:
            point.clean()
        except ValidationError as error:
            self.add_error("value", error.messages[0])
            return cleaned
        purpose = cleaned.get("purpose") or ContactPoint.Purpose.OWN
        same = self.instance.person.contact_points.filter(
            channel=cleaned["channel"], purpose=purpose, normalized=point.normalized
        )
        if same.exclude(pk=self.instance.pk).exists():
            self.add_error("value", _("This address stands here already."))
        return cleaned

    def _post_clean(self) -> None:
        """Values are set without the model's own clean(), which would say the same sentences a second time."""
        for name in self.Meta.fields:
            if name in self.cleaned_data:
                setattr(self.instance, name, self.cleaned_data[name])


class GuardianForm(LooksMixin, forms.Form):
    """A new guardian of a student, or one who is on record already (found by the address)."""

    first_name = forms.CharField(label=_("First name"), max_length=200, required=False)
    last_name = forms.CharField(label=_("Last name"), max_length=200, required=False)
    email = forms.CharField(label=_("Email"), max_length=254, required=False)
    relation = forms.CharField(label=_("Relation"), max_length=60, required=False, help_text=_("Mother, father, ..."))

    def clean(self) -> dict:
        cleaned = super().clean() or self.cleaned_data
        if not any(cleaned.get(name) for name in ("first_name", "last_name")):
            raise ValidationError(_("Write at least one of the two names."))
        if cleaned.get("email"):
            point = ContactPoint(channel=EMAIL, value=cleaned["email"])
            try:
                point.clean()
            except ValidationError as error:
                self.add_error("email", error.messages[0])
        return cleaned


class GuardianshipForm(LooksMixin, forms.ModelForm):
    class Meta:
        model = Guardianship
        fields = ["relation", "restricted"]


class NoteForm(LooksMixin, forms.Form):
    """A note, in a folder that is there or is made with it."""

    folder = forms.CharField(label=_("Folder"), max_length=100)
    text = forms.CharField(label=_("Note"), max_length=5000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["folder"].widget.attrs["list"] = "note-folders"
        self.folders = NoteFolder.objects.values_list("name", flat=True)


class EnrolForm(LooksMixin, forms.Form):
    """Put a person into a group of any year: students into classes and their like, staff into any, others into none."""

    group: "forms.ModelChoiceField[Group]" = forms.ModelChoiceField(queryset=None, label=_("Group"))

    def __init__(self, *args, person: Person, **kwargs):
        super().__init__(*args, **kwargs)
        of_students = Group.objects.exclude(kind=Group.Kind.STAFF)
        offered = {Person.Kind.STAFF: Group.objects.all(), Person.Kind.STUDENT: of_students}
        groups = offered.get(Person.Kind(person.kind), Group.objects.none())
        self.fields["group"].queryset = groups  # type: ignore[attr-defined]
        choices = [("", _("Choose a group")), *_groups_by_year(groups)]
        self.fields["group"].choices = choices  # type: ignore[attr-defined]


def _groups_by_year(groups: QuerySet[Group]) -> list[tuple[str, list[tuple[int, str]]]]:
    """The groups as the choices of a form, under their years: the present one first, last those without a year."""
    current = AcademicYear.current()
    found: dict[str, list[tuple[int, str]]] = {str(current): []} if current else {}
    order = (F("year__starts_on").desc(nulls_last=True), "unit__name", "name")
    for group in groups.select_related("year", "unit").order_by(*order):
        name = " · ".join(str(part) for part in (group.name, group.unit) if part)
        found.setdefault(str(group.year or _("Without a year")), []).append((group.pk, name))
    return [(year, choices) for year, choices in found.items() if choices]
