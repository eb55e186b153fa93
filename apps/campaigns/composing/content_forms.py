"""What the parts of a message ask in the second step, and whether they are only incomplete."""

from django import forms

from apps.core.message_parts import PartForm


def only_incomplete(*forms_of_step: forms.BaseForm | PartForm) -> bool:
    """Whether nothing is wrong but that something is still to be written: then the draft may be left so."""
    errors = [error for form in forms_of_step for found in form.errors.as_data().values() for error in found]
    return all(error.code == "required" for error in errors)
