"""Pages of the people on record."""

from django.urls import path

from . import contact_views, group_views, views

app_name = "people"
urlpatterns = [
    path("", views.index, name="index"),
    path("groups/", group_views.groups, name="groups"),
    path("groups/<int:pk>/", group_views.group, name="group"),
    path("person/<int:pk>/", views.person, name="person"),
    path("person/<int:pk>/edit/", views.edit, name="edit"),
    path("person/<int:pk>/consent/", views.consent, name="consent"),
    path("person/<int:pk>/enrol/", views.enrol, name="enrol"),
    path("enrolment/<int:pk>/leave/", views.leave, name="leave"),
    path("person/<int:person_pk>/address/", contact_views.add_contact_point, name="contact_point_add"),
    path("address/<int:pk>/", contact_views.contact_point, name="contact_point"),
    path("address/<int:pk>/delete/", contact_views.delete_point, name="contact_point_delete"),
    path("address/<int:pk>/primary/", contact_views.primary, name="contact_point_primary"),
    path("person/<int:pk>/guardian/", contact_views.add_guardian_of, name="guardian_add"),
    path("guardianship/<int:pk>/", contact_views.guardianship, name="guardianship"),
    path("<slug:kind>/", views.people, name="list"),
    path("<slug:kind>/add/", views.add, name="add"),
]
