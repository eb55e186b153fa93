"""The four steps of a message, and the saved ones."""

from django.urls import path

from . import check_views

app_name = "messages"
urlpatterns = [
    path("<int:pk>/check/", check_views.check, name="check"),
    path("<int:pk>/check/left-out/<slug:reason>/", check_views.left_out, name="left_out"),
    path("<int:pk>/check/preview/", check_views.preview, name="preview"),
    path("<int:pk>/check/test/", check_views.send_test, name="send_test"),
    path("<int:pk>/check/tests/", check_views.tests, name="tests"),
    path("<int:pk>/send/", check_views.send, name="send"),
]
