from django.apps import AppConfig


class SendersConfig(AppConfig):
    name = "apps.senders"

    def ready(self) -> None:
        from apps.organizations.home_cards import NEEDS

        from . import providers, sender_kinds
        from .checking import try_mail_server
        from .home_cards import TROUBLED_CARD

        NEEDS.register("troubled", TROUBLED_CARD, order=10)
        providers.register_those_of_email(trial=try_mail_server)
        sender_kinds.KINDS.register(sender_kinds.EMAIL.channel, sender_kinds.EMAIL)
