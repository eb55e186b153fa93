from django.apps import AppConfig


class SendersConfig(AppConfig):
    name = "apps.senders"

    def ready(self) -> None:
        from . import providers, sender_kinds
        from .checking import try_mail_server

        providers.register_those_of_email(trial=try_mail_server)
        sender_kinds.KINDS.register(sender_kinds.EMAIL.channel, sender_kinds.EMAIL)
