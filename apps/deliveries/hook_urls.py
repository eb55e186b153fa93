"""Where mail services report: no login, an address that only the service knows."""

from django.urls import path

from . import hook_views

app_name = "hooks"
urlpatterns = [path("<slug:provider>/<str:webhook_key>/", hook_views.events, name="events")]
