from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    name = "apps.deliveries"

    def ready(self) -> None:
        from anymail.signals import tracking

        from .esp_events import heard

        tracking.connect(heard, dispatch_uid="deliveries")
