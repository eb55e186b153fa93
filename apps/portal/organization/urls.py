"""Home and the settings of an organisation."""

from django.urls import URLPattern, path

from . import home_views, limits_views, settings_views

app_name = "organization"
urlpatterns: list[URLPattern] = [
    path("", home_views.home, name="home"),
    path("settings/", settings_views.settings, name="settings"),
    path("settings/limits/", limits_views.limits, name="limits"),
]
