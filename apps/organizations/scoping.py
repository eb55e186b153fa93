"""Organisations cannot meet: every query of a scoped model carries its organisation, or refuses to run.

The scope itself is django-scopes'. Its own manager lets `exists()`, `bulk_create()` and forward foreign keys through
(see docs/decisions/scoping.md), so this module has a manager of its own: outside a scope it makes no queryset at all,
and it is the base manager too, by which Django follows foreign keys, saves and deletes.
"""

from typing import Any, ClassVar

from django.db import models
from django_scopes import get_scope, scope, scopes_disabled
from django_scopes.exceptions import ScopeError

__all__ = ["OrganizationModel", "ScopeError", "current_organization", "in_organization", "without_scope"]

without_scope = scopes_disabled


def in_organization(organization: Any):
    """Context manager inside which scoped models show the rows of `organization` alone."""
    return scope(organization=organization)


def current_organization() -> Any:
    """The organisation of the open scope. Raises ScopeError when there is none."""
    organization = get_scope().get("organization")
    if organization is None:
        raise ScopeError("This query needs an organisation: open one with in_organization(...).")
    return organization


def _scope_is_off() -> bool:
    return not get_scope().get("_enabled", True)


class ScopedQuerySet(models.QuerySet):
    def bulk_create(self, objs, *args, **kwargs):
        objs = list(objs)
        for instance in objs:
            instance.check_organization()
        return super().bulk_create(objs, *args, **kwargs)


class ScopedManager(models.Manager.from_queryset(ScopedQuerySet)):  # type: ignore[misc]
    def get_queryset(self):
        queryset = super().get_queryset()
        return queryset if _scope_is_off() else queryset.filter(organization=current_organization())


class OrganizationModel(models.Model):
    """Base of everything that belongs to one organisation."""

    organization = models.ForeignKey("organizations.Organization", on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[Any] = ScopedManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # A new row belongs to the open scope. (Looked up in __dict__: asking a deferred field would run a query.)
        if self.__dict__.get("organization_id", 0) is None and get_scope().get("organization") is not None:
            self.organization = get_scope()["organization"]

    def save(self, *args, **kwargs):
        self.check_organization()
        super().save(*args, **kwargs)

    def check_organization(self) -> None:
        """Raise ScopeError if this row, or a row it points to by a loaded foreign key, is of another organisation."""
        if not _scope_is_off() and self.organization_id != current_organization().pk:
            raise ScopeError(f"{type(self).__name__} of organisation {self.organization_id} written in another's scope")
        for field in self._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and field.is_cached(self):
                other = getattr(self, field.name)
                if isinstance(other, OrganizationModel) and other.organization_id != self.organization_id:
                    raise ScopeError(f"{type(self).__name__}.{field.name} points into another organisation")
