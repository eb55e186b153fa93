from django.apps import AppConfig


class TargetListsConfig(AppConfig):
    name = "apps.targetlists"

    def ready(self) -> None:
        from . import list_fields, person_fields, school_fields
        from .condition_fields import register

        register(*person_fields.FIELDS, *school_fields.FIELDS, *list_fields.FIELDS)
