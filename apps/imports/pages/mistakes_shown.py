"""The rows with mistakes as the pages of a run show them: a few, or as many as are kept to be read on a page."""

from django.http import HttpRequest

from apps.recipients.models import ImportRun

SHOWN = 10
SHOWN_AT_MOST = 100


def mistakes_shown(request: HttpRequest, run: ImportRun) -> dict:
    """For the template: `errors`, and whether they are all that a page shows (`?mistakes=all`)."""
    wants_all = request.GET.get("mistakes") == "all"
    return {"errors": list(run.errors.all()[: SHOWN_AT_MOST if wants_all else SHOWN]), "all_errors": wants_all}
