"""Home and the settings of an organisation."""

from django.urls import URLPattern

app_name = "organization"
urlpatterns: list[URLPattern] = []
