from django.apps import AppConfig


class DeliveriesConfig(AppConfig):
    name = "apps.deliveries"

    def ready(self) -> None:
        from anymail.signals import tracking

        from apps.recipients import merging, person_panels
        from apps.targetlists import condition_fields, uses

        from .heard.esp_events import heard
        from .pages.list_conditions import FIELDS
        from .pages.list_uses import messages_with
        from .pages.merged_people import FIGURES, move
        from .pages.person_panel import PANEL

        tracking.connect(heard, dispatch_uid="deliveries")
        condition_fields.register(*FIELDS)
        uses.COUNTERS.register("deliveries", messages_with)
        person_panels.PANELS.register("deliveries", PANEL, order=10)
        merging.PARTS.register("deliveries", merging.Part(move, FIGURES))
