"""Senders and their accounts."""

from django.urls import URLPattern

app_name = "senders"
urlpatterns: list[URLPattern] = []
