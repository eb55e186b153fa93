"""Pages of the target lists."""

from django.urls import path

from . import file_views, filter_views, picking_views, views

app_name = "targetlists"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.new, name="new"),
    path("<int:pk>/", views.target_list, name="list"),
    path("<int:pk>/number/", views.count, name="number"),
    path("<int:pk>/rename/", views.rename, name="rename"),
    path("<int:pk>/copy/", views.copy, name="copy"),
    path("<int:pk>/delete/", views.delete, name="delete"),
    path("<int:pk>/add/", picking_views.add, name="add"),
    path("<int:pk>/type/", picking_views.type_addresses, name="type"),
    path("<int:pk>/remove/", picking_views.remove, name="remove"),
    path("<int:pk>/filter/", filter_views.edit, name="filter"),
    path("<int:pk>/file/", file_views.replace, name="file"),
]
