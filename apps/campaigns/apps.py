from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "apps.campaigns"

    def ready(self) -> None:
        from apps.recipients import group_uses, merging

        from .chosen_groups import waiting_messages
        from .merged_people import move

        group_uses.register(waiting_messages)
        merging.register(move)
