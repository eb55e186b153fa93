"""Home and the settings of an organisation."""

from django.urls import URLPattern, path

from . import settings_views, views

app_name = "organization"
urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("settings/", settings_views.settings, name="settings"),
]
