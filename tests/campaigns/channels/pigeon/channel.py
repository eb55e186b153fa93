"""Pigeons: they fly to a loft, carry forty letters at most, cost a handful of grain, and are never sent twice."""

import re

from django import forms
from django.core.exceptions import ValidationError

from apps.campaigns.channels.channel import Channel, Preview
from apps.campaigns.channels.text_content import TextContentForm
from apps.core.channels import ContactKind
from apps.senders.providers import Provider
from apps.senders.sender_kinds import SenderKind

from .copies import PigeonCopies
from .flying import Dovecote

LONGEST = 40
_LOFT = re.compile(r"loft-(\d+)")


def normalize(address: str) -> str:
    found = _LOFT.fullmatch(address.strip().lower())
    if not found:
        raise ValidationError(f"“{address}” is not a loft.")
    return f"loft-{int(found[1])}"


class PigeonChannel(Channel):
    code = "pigeon"
    contact_kind = "loft"
    label = "Pigeon"
    icon = "paper-airplane"
    module = "pigeons"
    contact_kinds = (ContactKind("loft", "Loft", lambda value, country: normalize(value)),)
    sender_kind = SenderKind("pigeon", lambda: forms.CharField(label="Dovecote"))
    providers = (Provider("dovecote", "A dovecote", ("pigeon",)),)
    carriers = {"dovecote": Dovecote}
    content_form = TextContentForm

    def normalize(self, address, organization):
        return normalize(address)

    def obstacles(self, mailing):
        too_long = len(mailing.body) > LONGEST
        return super().obstacles(mailing) + (["No pigeon carries so much."] if too_long else [])

    def preview(self, mailing, row):
        copies = PigeonCopies(mailing)
        (prepared,) = copies.prepare([row])
        return Preview("", "", prepared.content)

    def title(self, mailing):
        return f"{mailing}, by pigeon from {mailing.sender_name}."

    def about_cost(self, mailing, getting):
        return f"It costs {getting} handfuls of grain."

    def sentence(self, reason):
        return {"no_address": "No loft on record."}.get(reason)

    def copies(self, mailing):
        return PigeonCopies(mailing)


PIGEON = PigeonChannel()
