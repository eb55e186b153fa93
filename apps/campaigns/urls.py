"""The four steps of a message, and the saved ones."""

from django.urls import URLPattern

app_name = "messages"
urlpatterns: list[URLPattern] = []
