"""What became of a message: history, log, answers."""

from django.urls import URLPattern

app_name = "mailings"
urlpatterns: list[URLPattern] = []
