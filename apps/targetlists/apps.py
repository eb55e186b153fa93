from django.apps import AppConfig


class TargetListsConfig(AppConfig):
    name = "apps.targetlists"

    def ready(self) -> None:
        from apps.recipients import merging

        from . import list_fields, person_fields, school_fields
        from .condition_fields import register
        from .merged_people import FIGURES, move

        merging.register(move, *FIGURES)
        register(*person_fields.FIELDS, *school_fields.FIELDS, *list_fields.FIELDS)
