"""The forms of allauth in Bedel's look: only the class of the inputs is ours."""

from allauth.account import forms
from django import forms as django_forms


class LooksLikeBedel:
    """Gives every text input the class that the stylesheets know, and takes allauth's placeholders away."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # type: ignore[attr-defined]
            if not isinstance(field.widget, django_forms.CheckboxInput):
                field.widget.attrs["class"] = "input"
            field.widget.attrs.pop("placeholder", None)


class LoginForm(LooksLikeBedel, forms.LoginForm):
    pass


class ResetPasswordForm(LooksLikeBedel, forms.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(LooksLikeBedel, forms.ResetPasswordKeyForm):
    pass


class ChangePasswordForm(LooksLikeBedel, forms.ChangePasswordForm):
    pass
