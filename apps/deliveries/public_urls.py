"""The families' pages: no login, opened by a signed token."""

from django.urls import URLPattern

app_name = "public"
urlpatterns: list[URLPattern] = []
