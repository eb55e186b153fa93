"""Pages of the import of people from files."""

from django.urls import URLPattern

app_name = "imports"
urlpatterns: list[URLPattern] = []
