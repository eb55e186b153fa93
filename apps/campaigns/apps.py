from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "apps.campaigns"

    def ready(self) -> None:
        from apps.organizations.home_cards import NEEDS
        from apps.recipients import group_uses, merging
        from apps.targetlists import uses

        from .audience.chosen_groups import messages_of_groups
        from .channels import registry
        from .channels.email.channel import EMAIL
        from .composing.home_cards import CHANGED_DRAFTS_CARD
        from .composing.losing_entries import tell_of_groups, tell_of_list
        from .merged_people import move

        registry.register(EMAIL)
        NEEDS.register("changed_drafts", CHANGED_DRAFTS_CARD, order=30)
        group_uses.ASKED.register("campaigns", messages_of_groups)
        group_uses.TOLD.register("campaigns", tell_of_groups)
        uses.TOLD.register("campaigns", tell_of_list)
        merging.PARTS.register("campaigns", merging.Part(move))
