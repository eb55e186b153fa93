"""Notes on a person's page: written by whoever manages people, changed by whoever wrote them."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.organizations.permissions import Permission, requires

from .forms import NoteForm
from .merged_records import present_id
from .models import Note, NoteFolder, Person


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def add(request, pk: int) -> HttpResponse:
    """A new note; what is not right yet is asked for on a page of its own, with what was written."""
    # Of a page left open while the record was merged with another, the note is not lost.
    note = Note(person=get_object_or_404(Person, pk=present_id(pk) or pk), by=request.user)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return render(request, "recipients/note.html", {"form": form, "note": note})
    _write(note, form)
    return redirect(request.organization.url("recipients:person", note.person_id) + "#notes")


@requires(Permission.MANAGE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request, pk: int) -> HttpResponse:
    """Change one's own note."""
    note = _own(request, pk)
    form = NoteForm(request.POST or None, initial={"folder": note.folder.name, "text": note.text})
    if request.method == "POST" and form.is_valid():
        _write(note, form)
        return redirect(request.organization.url("recipients:person", note.person_id) + "#notes")
    return render(request, "recipients/note.html", {"form": form, "note": note})


@requires(Permission.MANAGE_PEOPLE)
@require_POST
def delete(request, pk: int) -> HttpResponse:
    """Delete one's own note; a folder that is empty then goes with it."""
    note = _own(request, pk)
    note.delete()
    NoteFolder.objects.filter(pk=note.folder_id, notes=None).delete()
    messages.success(request, _("The note is deleted."))
    return redirect(request.organization.url("recipients:person", note.person_id) + "#notes")


def _own(request, pk: int) -> Note:
    note = get_object_or_404(Note.objects.select_related("person", "folder"), pk=pk)
    if note.by_id != request.user.pk:
        raise Http404
    return note


def _write(note: Note, form: NoteForm) -> None:
    with transaction.atomic():
        name = " ".join(form.cleaned_data["folder"].split())
        before = note.folder_id
        known = (each for each in NoteFolder.objects.all() if each.name.casefold() == name.casefold())
        note.folder = next(known, None) or NoteFolder.objects.get_or_create(name=name)[0]
        note.text = form.cleaned_data["text"].strip()
        note.save()
        if before and before != note.folder_id:
            NoteFolder.objects.filter(pk=before, notes=None).delete()
