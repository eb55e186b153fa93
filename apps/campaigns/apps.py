from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "apps.campaigns"

    def ready(self) -> None:
        from apps.recipients import group_uses, merging

        from .chosen_groups import messages_of_groups
        from .merged_people import move

        group_uses.register(messages_of_groups)
        merging.register(move)
