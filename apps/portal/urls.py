"""Pages outside every organisation: the way in, and the health of the installation."""

from django.urls import path

from . import views
from .health import health

app_name = "portal"
urlpatterns = [
    path("", views.start, name="start"),
    path("healthz", health, name="health"),
]
