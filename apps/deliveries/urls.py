"""What became of a message: history, log, answers."""

from django.urls import path

from .pages import answers_views, control_views, history_views, log_views

app_name = "deliveries"
urlpatterns = [
    path("history/", history_views.history, name="history"),
    path("running/", history_views.running, name="running"),
    path("<int:pk>/log/", log_views.log, name="log"),
    path("<int:pk>/log/download/", log_views.download, name="log_download"),
    path("<int:pk>/progress/", log_views.progress, name="progress"),
    path("<int:pk>/answers/", answers_views.answers, name="answers"),
    path("<int:pk>/answers/download/", answers_views.download, name="answers_download"),
    path("<int:pk>/stop/", control_views.stop, name="stop"),
    path("<int:pk>/resume/", control_views.resume, name="resume"),
    path("<int:pk>/uncertain/count-as-sent/", control_views.count_as_sent, name="count_as_sent"),
    path("<int:pk>/uncertain/send-again/", control_views.send_again, name="send_again"),
    path("<int:pk>/take-back/", control_views.take_back, name="take_back"),
]
