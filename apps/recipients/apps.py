from django.apps import AppConfig


class RecipientsConfig(AppConfig):
    name = "apps.recipients"

    def ready(self) -> None:
        from . import merging

        merging.PARTS.register("recipients", merging.OWN)
