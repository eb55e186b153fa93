"""Pages of the import of people from files."""

from django.urls import path

from . import conflict_views, source_views, views

app_name = "imports"
urlpatterns = [
    path("", views.new, name="new"),
    path("sample.csv", views.sample, name="sample"),
    path("<int:pk>/", views.run, name="run"),
    path("sources/", source_views.sources, name="sources"),
    path("sources/<int:pk>/", source_views.source, name="source"),
    path("sources/<int:pk>/delete/", source_views.delete, name="source_delete"),
    path("conflicts/", conflict_views.conflicts, name="conflicts"),
    path("conflicts/decide/", conflict_views.decide, name="decide"),
    path("<int:pk>/compare/", views.compare, name="compare"),
    path("<int:pk>/changes/<slug:kind>/", views.changes, name="changes"),
    path("<int:pk>/mistakes.xlsx", views.mistakes, name="mistakes"),
    path("<int:pk>/source/", source_views.save, name="source_save"),
    path("<int:pk>/confirm/", views.confirmed, name="confirm"),
    path("<int:pk>/progress/", views.progress, name="progress"),
]
