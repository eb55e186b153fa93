"""The four steps of a message, and the saved ones."""

from django.urls import path

from .composing import check_views, content_views, recipients_views, writing_views

app_name = "campaigns"
urlpatterns = [
    path("new/", recipients_views.new, name="new"),
    path("to-group/<int:pk>/", writing_views.write_to_group, name="to_group"),
    path("to-person/<int:pk>/", writing_views.write_to_person, name="to_person"),
    path("saved/", recipients_views.saved, name="saved"),
    path("<int:pk>/delete/", recipients_views.delete, name="delete"),
    path("<int:pk>/recipients/", recipients_views.recipients, name="recipients"),
    path("<int:pk>/recipients/file/", recipients_views.upload, name="upload"),
    path("<int:pk>/recipients/counted/", recipients_views.counted, name="counted"),
    path("<int:pk>/content/", content_views.content, name="content"),
    path("<int:pk>/content/attachment/<int:attachment_pk>/", content_views.attachment, name="attachment"),
    path("<int:pk>/check/", check_views.check, name="check"),
    path("<int:pk>/check/left-out/<slug:reason>/", check_views.left_out, name="left_out"),
    path("<int:pk>/check/preview/", check_views.preview, name="preview"),
    path("<int:pk>/check/test/", check_views.send_test, name="send_test"),
    path("<int:pk>/check/tests/", check_views.tests, name="tests"),
    path("<int:pk>/send/", check_views.send, name="send"),
]
