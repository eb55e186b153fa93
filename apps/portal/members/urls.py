"""Members and roles of an organisation."""

from django.urls import path

from . import roles_views, views

app_name = "members"
urlpatterns = [
    path("", views.index, name="index"),
    path("add/", views.add, name="add"),
    path("roles/", roles_views.index, name="roles"),
    path("roles/add/", roles_views.add, name="role_add"),
    path("roles/<int:pk>/", roles_views.role, name="role"),
    path("roles/<int:pk>/delete/", roles_views.delete, name="role_delete"),
    path("<int:pk>/", views.member, name="member"),
    path("<int:pk>/person/", views.person, name="person"),
    path("<int:pk>/way-in/", views.way_in, name="way_in"),
    path("<int:pk>/end/", views.end, name="end"),
]
