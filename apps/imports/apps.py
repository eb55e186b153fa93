from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ImportsConfig(AppConfig):
    name = "apps.imports"

    def ready(self) -> None:
        from apps.core.scheduled_jobs import JOBS, ScheduledJob
        from apps.organizations.home_cards import NEEDS

        from .pages.home_cards import CONFLICTS_CARD, FAILED_CARD

        # The name of the task is of the time when imports were part of recipients.
        sweep = ScheduledJob("recipients.sweep_imports", 60.0, 60, _("goes on with imports that a worker has lost"))
        JOBS.register("imports", sweep)
        NEEDS.register("failed_imports", FAILED_CARD, order=60)
        NEEDS.register("conflicts", CONFLICTS_CARD, order=70)
