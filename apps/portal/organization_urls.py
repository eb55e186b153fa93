"""Home and the settings of an organisation."""

from django.urls import URLPattern, path

from . import limits_views, settings_views, views

app_name = "organization"
urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("settings/", settings_views.settings, name="settings"),
    path("settings/limits/", limits_views.limits, name="limits"),
]
