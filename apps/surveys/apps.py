from django.apps import AppConfig


class SurveysConfig(AppConfig):
    name = "apps.surveys"

    def ready(self) -> None:
        from apps.core import message_parts
        from apps.recipients import merging

        from .merged_people import FIGURES, move
        from .question_part import QuestionPart

        merging.PARTS.register("surveys", merging.Part(move, FIGURES))
        message_parts.register(QuestionPart())
