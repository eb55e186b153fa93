"""Pages of the import of people from files."""

from django.urls import path

from .pages import changes_views, columns_views, conflict_views, run_views, source_views

app_name = "imports"
urlpatterns = [
    path("", run_views.new, name="new"),
    path("sample.csv", run_views.sample, name="sample"),
    path("past/", run_views.past, name="past"),
    path("sources/", source_views.sources, name="sources"),
    path("sources/<int:pk>/", source_views.source, name="source"),
    path("sources/<int:pk>/delete/", source_views.delete, name="source_delete"),
    path("conflicts/", conflict_views.conflicts, name="conflicts"),
    path("conflicts/decide/", conflict_views.decide, name="decide"),
    path("<int:pk>/", run_views.run, name="run"),
    path("<int:pk>/file/", run_views.file, name="file"),
    path("<int:pk>/columns/", columns_views.columns, name="columns"),
    path("<int:pk>/compare/", columns_views.compare, name="compare"),
    path("<int:pk>/changes/", changes_views.changes, name="changes"),
    path("<int:pk>/changes/<slug:kind>/", changes_views.change_rows, name="change_rows"),
    path("<int:pk>/confirm/", changes_views.confirmed, name="confirm"),
    path("<int:pk>/load/", changes_views.load, name="load"),
    path("<int:pk>/progress/", changes_views.progress, name="progress"),
    path("<int:pk>/mistakes.xlsx", run_views.mistakes, name="mistakes"),
    path("<int:pk>/source/", source_views.save, name="source_save"),
]
