"""Each family reads Bedel's own words in its language, or in the organisation's."""

import pytest

from apps.campaigns.content.rendering import Rendered, Renderer
from apps.deliveries.engine.copies import audience_rows
from tests.deliveries.conftest import Sent
from tests.reading import bare

pytestmark = pytest.mark.django_db

BUTTON = {
    "es": "Enviar mi respuesta: Sí",
    "ca": "Enviar la meva resposta: Sí",
    "it": "Invia la mia risposta: Sì",
    "pl": "Wyślij moją odpowiedź: Tak",
    "sv": "Skicka mitt svar: Ja",
}
UNSUBSCRIBE = {
    "es": "No recibir más estos mensajes",
    "ca": "No rebre més aquests missatges",
    "it": "Non ricevere più questi messaggi",
    "pl": "Nie chcę już otrzymywać tych wiadomości",
    "sv": "Sluta få dessa meddelanden",
}


def speak(sent: Sent, language: str, organization: str = "en") -> None:
    sent.delivery.language = language
    sent.delivery.save()
    sent.mailing.organization.language = organization
    sent.mailing.organization.save()


def letter(sent: Sent) -> Rendered:
    rows = audience_rows([sent.delivery.row])
    return Renderer(sent.mailing).render(rows[0])


@pytest.mark.parametrize("language", BUTTON)
def test_the_answer_page_and_the_letter_are_in_the_familys_language(client, sent: Sent, language):
    speak(sent, language)
    page = bare(client.get(sent.answer_url(sent.lucia, "yes")).content.decode())
    assert f'value="yes">{BUTTON[language]}</button>' in page
    assert "The school" not in page
    read = letter(sent)
    assert UNSUBSCRIBE[language] in read.text
    assert UNSUBSCRIBE[language] in read.html
    assert "Receive no more" not in read.text + read.html


@pytest.mark.parametrize("unknown", ["", "xx"])
def test_a_language_that_is_not_known_gives_way_to_the_organisations(client, sent: Sent, unknown):
    speak(sent, unknown, organization="es")
    assert BUTTON["es"] in client.get(sent.answer_url(sent.lucia, "yes")).content.decode()
    read = letter(sent)
    assert UNSUBSCRIBE["es"] in read.text
    assert read.subject == "Trip of Lucía y Pablo"


def test_every_step_of_answering_and_unsubscribing_is_in_the_familys_language(client, sent: Sent):
    speak(sent, "es")
    answered = client.post(sent.answer_url(sent.lucia, "yes"), {"press": "yes"}).content.decode()
    assert "El centro tiene su respuesta." in answered
    assert "hoy, " in answered
    assert "¿Dejar de recibir estos mensajes?" in client.get(sent.unsubscribe_url()).content.decode()
    assert "Se ha dado de baja" in client.post(sent.unsubscribe_url(), {"press": "stop"}).content.decode()
