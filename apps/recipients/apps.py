from django.apps import AppConfig


class RecipientsConfig(AppConfig):
    name = "apps.recipients"

    def ready(self) -> None:
        from apps.organizations.home_cards import NEEDS

        from . import merging
        from .home_cards import FAILED_ADDRESSES_CARD, UNREACHABLE_CARD

        NEEDS.register("failed_addresses", FAILED_ADDRESSES_CARD, order=40)
        NEEDS.register("unreachable", UNREACHABLE_CARD, order=50)
        merging.PARTS.register("recipients", merging.OWN)
