"""What every form of Bedel shares: the look of its controls, and text that fits on one line."""

import unicodedata

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import IntegrityError, transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from .normalizing import without_unseen

_NO_BOUND = 2**31 - 1  # what a database takes; nobody meant it as a bound


def one_line(value: str) -> str:
    """`value` with single spaces, and without signs of no width. Raises ValidationError on control characters."""
    text = without_unseen(value)
    if any(unicodedata.category(character) in ("Cc", "Cs", "Co") for character in text):
        raise ValidationError(_("This has invisible characters in it. Type it again."))
    return text


def without_relations(field, **kwargs):
    """For Meta.formfield_callback: relations need an open organisation, so their fields are made in __init__."""
    return None if field.is_relation else field.formfield(**kwargs)


class LooksMixin:
    """Gives the controls of a form their class, and text of one line its single spaces."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # type: ignore[attr-defined]
            if not isinstance(field.widget, forms.CheckboxInput | forms.RadioSelect):
                field.widget.attrs.setdefault("class", "input")

    def _clean_fields(self):
        super()._clean_fields()  # type: ignore[misc]
        for name, field in self.fields.items():  # type: ignore[attr-defined]
            text = self.cleaned_data.get(name)  # type: ignore[attr-defined]
            if isinstance(text, str) and isinstance(field, forms.CharField):
                try:
                    self.cleaned_data[name] = text if _as_typed(field) else one_line(text)  # type: ignore[attr-defined]
                except ValidationError as problem:
                    self.add_error(name, problem)  # type: ignore[attr-defined]


def _as_typed(field: forms.Field) -> bool:
    return isinstance(field.widget, forms.PasswordInput | forms.Textarea)


def say_bounds(form: forms.ModelForm, *names: str) -> None:
    """Give these whole-number fields one sentence for whatever is wrong: which numbers the model takes."""
    for name in names:
        validators = form._meta.model._meta.get_field(name).validators
        lowest = max(each.limit_value for each in validators if isinstance(each, MinValueValidator))
        highest = min(each.limit_value for each in validators if isinstance(each, MaxValueValidator))
        if highest < _NO_BOUND:
            sentence = _("Type a whole number from %(lowest)s to %(highest)s.")
        else:
            sentence = _("Type a whole number, not less than %(lowest)s and of at most nine digits.")
        bounds = {"lowest": _grouped(lowest), "highest": _grouped(highest)}
        wrong = dict.fromkeys(("required", "invalid", "min_value", "max_value"), sentence % bounds)
        form.fields[name].error_messages |= wrong


def _grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


def save_or_say(form: forms.BaseForm, save) -> bool:
    """Run `save()` as one transaction; False, with a sentence on the form, if another was faster with the same row."""
    try:
        with transaction.atomic():
            save()
    except IntegrityError:
        form.add_error(None, _("This has just been saved by somebody else. Look at the page again."))
        return False
    return True
