"""Pages of the import of people from files."""

from django.urls import path

from . import views

app_name = "imports"
urlpatterns = [
    path("", views.new, name="new"),
    path("sample.csv", views.sample, name="sample"),
    path("<int:pk>/", views.run, name="run"),
    path("<int:pk>/confirm/", views.confirmed, name="confirm"),
    path("<int:pk>/progress/", views.progress, name="progress"),
]
