from django.apps import AppConfig


class TargetListsConfig(AppConfig):
    name = "apps.targetlists"

    def ready(self) -> None:
        from apps.recipients import group_uses, merging

        from . import list_fields, person_fields, school_fields
        from .condition_fields import register
        from .merged_people import FIGURES, move
        from .uses import uses_of_school

        group_uses.ASKED.register("targetlists", uses_of_school)
        merging.PARTS.register("targetlists", merging.Part(move, FIGURES))
        register(*person_fields.FIELDS, *school_fields.FIELDS, *list_fields.FIELDS)
