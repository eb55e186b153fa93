"""The forms of Settings, Members and roles."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.form_looks import LooksMixin
from apps.organizations.models import Membership, Role
from apps.organizations.permissions import NEEDED_FOR, SENDING, Permission
from apps.organizations.roles import name_is_taken


class _RoleField(forms.ModelChoiceField):
    """A role of the open organisation. Its queryset is made with the form: relations need an open organisation."""

    def __init__(self):
        super().__init__(queryset=None, label=gettext_lazy("Role"), empty_label=gettext_lazy("Choose a role"))


class NewMemberForm(LooksMixin, forms.Form):
    email = forms.EmailField(label=gettext_lazy("Email"), max_length=254, help_text=gettext_lazy("The login."))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    role = _RoleField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = Role.objects.all()  # type: ignore[attr-defined]

    def clean(self) -> dict:
        """Who is a member with another role is none to add; with this very role, the button was pressed twice."""
        cleaned = super().clean() or self.cleaned_data
        known = Membership.objects.select_related("role", "user").filter(user__email=cleaned.get("email", "").lower())
        member = known.exclude(role=cleaned.get("role")).first()
        if member:
            words = {"name": member.user, "role": member.role}
            self.add_error("email", _("%(name)s is a member already. Role: %(role)s.") % words)
        if cleaned.get("name") == "":  # of invisible characters alone
            self.add_error("name", self.fields["name"].error_messages["required"])
        return cleaned


class MemberForm(LooksMixin, forms.Form):
    role = _RoleField()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = Role.objects.all()  # type: ignore[attr-defined]
        self.fields["role"].empty_label = None  # type: ignore[attr-defined]


class RoleForm(LooksMixin, forms.ModelForm):
    """A name that no other role has, and at least one of the permissions that there are."""

    permissions = forms.MultipleChoiceField(
        label=gettext_lazy("What members with this role may do"),
        choices=Permission.choices,
        error_messages={"required": gettext_lazy("Tick at least one.")},
    )

    class Meta:
        model = Role
        fields = ["name", "permissions"]

    def clean(self) -> dict:
        # Here the name is without invisible characters, by which it would look like another's and be none.
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("name") and name_is_taken(cleaned["name"], but=self.instance):
            self.add_error("name", _("There is a role of this name already."))
        return cleaned

    def clean_permissions(self) -> list[str]:
        ticked = set(self.cleaned_data["permissions"])
        for permission, needed in NEEDED_FOR.items():
            if permission in ticked and not ticked.issuperset(needed):
                words = {
                    "permission": permission.label,
                    "needed": _("” and “").join(str(each.label) for each in needed),
                }
                raise ValidationError(_("“%(permission)s” goes with “%(needed)s”: tick these too.") % words)
        return sorted(ticked)

    def ticks(self) -> list[tuple[str, list[tuple[Permission, bool]]]]:
        """The permissions in two parts, each with whether it is ticked."""
        ticked = self["permissions"].value() or []
        ticked = ticked if isinstance(ticked, list) else []
        writing = [(each, each.value in ticked) for each in SENDING]
        others = [(each, each.value in ticked) for each in Permission if each not in SENDING]
        return [(_("Writing"), writing), (_("Seeing and changing"), others)]
