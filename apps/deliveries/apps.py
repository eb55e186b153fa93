from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveriesConfig(AppConfig):
    name = "apps.deliveries"

    def ready(self) -> None:
        from anymail.signals import tracking

        from apps.core.scheduled_jobs import JOBS, ScheduledJob
        from apps.organizations.home_cards import NEEDS, SECTIONS
        from apps.recipients import merging, person_panels
        from apps.targetlists import condition_fields, uses

        from .heard.esp_events import heard
        from .pages import home_cards
        from .pages.list_conditions import FIELDS
        from .pages.list_uses import messages_with
        from .pages.merged_people import FIGURES, move
        from .pages.person_panel import PANEL

        JOBS.register("tick", ScheduledJob("deliveries.tick", 2.0, 10, _("starts what is due, and takes back leases")))
        SECTIONS.register("running", home_cards.RUNNING_CARD, order=10)
        SECTIONS.register("answers_due", home_cards.ANSWERS_CARD, order=20)
        SECTIONS.register("recent", home_cards.RECENT_CARD, order=30)
        NEEDS.register("paused", home_cards.PAUSED_CARD, order=20)
        tracking.connect(heard, dispatch_uid="deliveries")
        condition_fields.register(*FIELDS)
        uses.COUNTERS.register("deliveries", messages_with)
        person_panels.PANELS.register("deliveries", PANEL, order=10)
        merging.PARTS.register("deliveries", merging.Part(move, FIGURES))
