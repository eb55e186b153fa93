"""The families' pages: no login, opened by a signed token."""

from django.urls import path

from . import views as public_views

app_name = "families"
urlpatterns = [
    path("a/<str:token>/<int:about>/<str:choice>/", public_views.answer, name="answer"),
    path("u/<str:token>/", public_views.unsubscribe, name="unsubscribe"),
]
