from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "apps.campaigns"

    def ready(self) -> None:
        from apps.recipients import group_uses, merging
        from apps.targetlists import uses

        from .audience.chosen_groups import messages_of_groups
        from .channels import registry
        from .channels.email.channel import EMAIL
        from .composing.losing_entries import tell_of_groups, tell_of_list
        from .merged_people import move

        registry.register(EMAIL)
        group_uses.register(messages_of_groups, told=tell_of_groups)
        uses.register_told(tell_of_list)
        merging.register(move)
