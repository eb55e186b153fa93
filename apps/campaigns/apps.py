from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "apps.campaigns"

    def ready(self) -> None:
        from apps.recipients import merging

        from .merged_people import move

        merging.register(move)
