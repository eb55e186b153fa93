"""What a family sees behind its links. GET, HEAD and OPTIONS change nothing; one button, by POST, does."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse

from apps.campaigns.content.merge_values import values_for
from apps.core.merge_tags import compile_template
from apps.organizations.scoping import current_organization
from apps.recipients.merged_records import present_id
from apps.recipients.models import Person
from apps.surveys.answering import QuestionClosed, record_answer
from apps.surveys.models import Answer, Question
from apps.targetlists.opting_out import has_opted_out, opt_in_again, opt_out

from ..engine.audience_rows import audience_rows
from ..models import Delivery
from .links import opened_by_token


@dataclass(frozen=True)
class Child:
    """One student a mail asks about (pk 0 where nobody is registered), with the answer given so far."""

    pk: int
    name: str
    answer: Answer | None


@opened_by_token("answer")
def answer(request, delivery: Delivery, about: int, choice: str) -> HttpResponse:
    """Show the answer that was chosen in the mail, and record it when the button is pressed."""
    question = delivery.mailing.question
    people = {person.pk: person for person in delivery.about.order_by("search_name", "id")}
    if about not in people:  # in a copy that left before two records of one student were merged
        about = present_id(about) or about
    if question is None or choice not in question.choices or (about not in people and (about or people)):
        return render(request, "families/wrong.html", _context(delivery), status=404)
    if request.method == "POST" and request.POST.get("press") == choice:
        try:
            _record(request, question, delivery, people.get(about), choice)
        except QuestionClosed:
            return _closed(request, _page(request, question, delivery, people, about, choice))
        return render(request, "families/answered.html", _page(request, question, delivery, people, about, choice))
    context = _page(request, question, delivery, people, about, choice)
    return _closed(request, context) if question.is_closed else render(request, "families/answer.html", context)


@opened_by_token("unsubscribe")
def unsubscribe(request, delivery: Delivery) -> HttpResponse:
    """Stop further messages to this address. A mail program may press the button itself (RFC 8058: One-Click)."""
    address, commercial, channel = delivery.normalized, delivery.mailing.commercial, delivery.mailing.channel
    pressed = request.POST.get("press", "") or request.POST.get("List-Unsubscribe", "")
    if request.method == "POST" and pressed in ("stop", "One-Click"):
        source = "one-click" if pressed == "One-Click" else "link"
        opt_out(address, commercial=commercial, channel=channel, source=source)
    elif request.method == "POST" and pressed == "keep":
        opt_in_again(address, commercial=commercial, channel=channel)
    stopped = has_opted_out(address, commercial=commercial, channel=channel)
    context = _context(delivery) | {
        "commercial": commercial,
        "stopped": stopped,
        "pressed": pressed,
        "address": _veiled(delivery.address),
    }
    return render(request, "families/unsubscribe.html", context)


def _veiled(address: str) -> str:
    """`nur•••@correo.example`: the owner knows it again; to whom the mail was forwarded it does not give it away."""
    local, at, domain = address.partition("@")
    return f"{local[: min(3, len(local) // 2)]}•••{at}{domain}"


def _closed(request, context: dict) -> HttpResponse:
    return render(request, "families/closed.html", context, status=410)


def _record(request, question: Question, delivery: Delivery, about: Person | None, choice: str) -> None:
    record_answer(
        question,
        about=about,
        by_person=delivery.person,
        by_address=delivery.normalized,
        value=choice,
        user_agent=request.headers.get("User-Agent", ""),
    )


def _context(delivery: Delivery) -> dict:
    """The head of every page: the school, and the subject as this recipient has read it."""
    mailing = delivery.mailing
    values = values_for(mailing, audience_rows([delivery.row]))[0]
    subject = compile_template(mailing.subject, "header").render(values)
    return {"organization": current_organization(), "subject": subject, "delivery": delivery}


def _page(request, question: Question, delivery: Delivery, people: dict[int, Person], about: int, choice: str) -> dict:
    given = question.answers.filter(by_address=delivery.normalized)
    answers = {each.about_id or 0: each for each in given}
    names = {pk: person.first_name or person.full_name for pk, person in people.items()} or {0: ""}
    children = [Child(pk, name, answers.get(pk)) for pk, name in names.items()]
    token = request.resolver_match.kwargs["token"]
    links = {
        child.pk: [(value, reverse("families:answer", args=(token, child.pk, value))) for value in question.choices]
        for child in children
    }
    return _context(delivery) | {
        "question": question,
        "child": next(child for child in children if child.pk == about),
        "others": [{"child": child, "links": _labelled(links[child.pk])} for child in children if child.pk != about],
        "choices": [item for item in _labelled(links[about]) if item["value"] != choice],
        "choice": choice,
        "choice_label": _label(choice),
    }


def _labelled(links: list[tuple[str, str]]) -> list[dict]:
    return [{"value": value, "label": _label(value), "url": url} for value, url in links]


def _label(value: str) -> str:
    return str(Answer.Value(value).label)
