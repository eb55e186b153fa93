"""Senders and their accounts."""

from django.urls import URLPattern, path

from . import views

app_name = "senders"
urlpatterns: list[URLPattern] = [
    path("senders/", views.senders, name="list"),
    path("senders/add/", views.add, name="add"),
    path("senders/<int:pk>/", views.edit, name="edit"),
    path("senders/<int:pk>/default/", views.make_default, name="make_default"),
    path("senders/accounts/add/", views.account_add, name="account_add"),
    path("senders/accounts/<int:pk>/", views.account_edit, name="account_edit"),
    path("senders/accounts/<int:pk>/check/", views.account_check, name="account_check"),
]
