"""Members and roles of an organisation."""

from django.urls import path

from . import members_views, roles_views

app_name = "members"
urlpatterns = [
    path("", members_views.index, name="index"),
    path("add/", members_views.add, name="add"),
    path("roles/", roles_views.index, name="roles"),
    path("roles/add/", roles_views.add, name="role_add"),
    path("roles/<int:pk>/", roles_views.role, name="role"),
    path("roles/<int:pk>/delete/", roles_views.delete, name="role_delete"),
    path("<int:pk>/", members_views.member, name="member"),
    path("<int:pk>/person/", members_views.person, name="person"),
    path("<int:pk>/invitation/", members_views.invitation, name="invitation"),
    path("<int:pk>/end/", members_views.end, name="end"),
]
