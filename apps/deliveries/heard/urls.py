"""Where mail services report: no login, an address that only the service knows."""

from django.urls import path

from . import esp_views as esp_hook_views

app_name = "heard"
urlpatterns = [path("<slug:provider>/<str:webhook_key>/", esp_hook_views.events, name="events")]
