"""Pages outside every organisation: the way in, and the health of the installation."""

from django.urls import path

from .health import health

app_name = "portal"
urlpatterns = [
    path("healthz", health, name="health"),
]
