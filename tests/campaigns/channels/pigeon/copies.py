"""What a pigeon carries to each loft."""

from apps.campaigns.channels.channel import PreparedRow
from apps.campaigns.content.merge_values import values_for
from apps.core.merge_tags import compile_template


class PigeonCopies:
    def __init__(self, mailing):
        self._mailing = mailing
        self._text = compile_template(mailing.body, "text")

    def prepare(self, rows):
        values = values_for(self._mailing, rows)
        texts = [self._text.render(value) for value in values]
        return [PreparedRow(row.delivery_id, row, text) for row, text in zip(rows, texts, strict=True)]
