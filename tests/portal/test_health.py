"""/healthz says which part does not work, to anybody, and nothing more."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.portal import heartbeat
from apps.portal.models import Heartbeat
from config.celery import app
from tests.servers.running import HOST, free_port

pytestmark = pytest.mark.django_db


@pytest.fixture
def all_alive():
    for name in ("worker", "sender", "scheduler"):
        heartbeat.beat(name)


def test_all_well_without_a_login(client, all_alive):
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "broker": "ok", "worker": "ok", "sender": "ok", "scheduler": "ok"}
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["worker", "sender", "scheduler"])
def test_a_part_that_fell_silent_is_named(client, all_alive, name):
    Heartbeat.objects.filter(name=name).update(at=timezone.now() - timedelta(minutes=1))
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json()[name] == "silent for 45 seconds or more"
    assert [part for part, answer in response.json().items() if answer != "ok"] == [name]


def test_a_broker_that_is_away_is_named_within_seconds_and_without_its_password(client, all_alive, settings):
    app.conf.broker_write_url = f"redis://:secret-word@{HOST}:{free_port()}/0"
    try:
        started = timezone.now()
        response = client.get("/healthz")
    finally:
        app.conf.broker_write_url = settings.BROKER_URL
    assert response.status_code == 503
    assert response.json()["broker"] == "no connection"
    assert timezone.now() - started < timedelta(seconds=8)
    assert "secret-word" not in response.content.decode()


@pytest.mark.server
def test_a_redis_that_answers_is_well(client, all_alive, redis_url, settings):
    app.conf.broker_write_url = redis_url
    try:
        assert client.get("/healthz").json()["broker"] == "ok"
    finally:
        app.conf.broker_write_url = settings.BROKER_URL


def test_health_changes_nothing(client):
    assert client.post("/healthz").status_code == 405
    client.get("/healthz")
    assert Heartbeat.objects.count() == 0


def test_the_command_says_the_same_as_the_page(all_alive, capsys):
    call_command("health")
    assert set(json.loads(capsys.readouterr().out).values()) == {"ok"}
    Heartbeat.objects.filter(name="worker").delete()
    call_command("health", "database", "scheduler")
    with pytest.raises(SystemExit) as stopped:
        call_command("health", "worker")
    assert stopped.value.code == 1
    with pytest.raises(SystemExit, match="No such part: moon"):
        call_command("health", "moon")
