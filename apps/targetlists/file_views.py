"""Another file in place of the one that a list was read from."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from apps.organizations.permissions import Permission, requires

from .models import TargetList
from .uploading import FileRefused, upload_list
from .uses import messages_of


@requires(Permission.MANAGE_LISTS)
@require_http_methods(["GET", "HEAD", "POST"])
def replace(request, pk: int) -> HttpResponse:
    """Read the new file, whole or not at all; the rows of the old one go."""
    kind = TargetList.Kind.UPLOADED
    found = get_object_or_404(TargetList.objects.select_related("uploaded"), pk=pk, kind=kind)
    refused: FileRefused | None = None
    file = request.FILES.get("file")
    if request.method == "POST" and file is None:
        refused = FileRefused(_("Choose a file first."))
    elif file is not None:
        try:
            _exchange(request, found, file)
            return redirect(request.organization.url("targetlists:list", pk))
        except FileRefused as refusal:
            refused = refusal
    return render(request, "targetlists/file.html", {"list": found, "refused": refused})


@transaction.atomic
def _exchange(request, found: TargetList, file) -> None:
    old = found.uploaded
    found.uploaded = upload_list(file, request.user)
    if found.uploaded.about_repeated:
        messages.warning(request, found.uploaded.about_repeated)
    waiting = messages_of([found])[found.pk].waiting
    if waiting:
        sentence = ngettext(
            "A message that waits for its start uses this list: it goes by the new file.",
            "%(number)s messages that wait for their start use this list: they go by the new file.",
            waiting,
        )
        messages.warning(request, sentence % {"number": waiting})
    found.save(update_fields=["uploaded", "updated_at"])
    if old is not None:
        old.delete()
