"""Pages outside every organisation: the way in, and the health of the installation."""

from django.urls import URLPattern

app_name = "portal"
urlpatterns: list[URLPattern] = []
