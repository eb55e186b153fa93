from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "apps.surveys"

    def ready(self) -> None:
        from apps.recipients import merging

        from .merged_people import FIGURES, move

        merging.PARTS.register("surveys", merging.Part(move, FIGURES))
