"""Pages of the people on record."""

from django.urls import path

from . import contact_views, group_views, membership_views, unit_views, unreachable_views, views, year_views

app_name = "people"
urlpatterns = [
    path("", views.index, name="index"),
    path("groups/", group_views.groups, name="groups"),
    path("groups/add/", group_views.add, name="group_add"),
    path("groups/<int:pk>/", group_views.group, name="group"),
    path("groups/<int:pk>/edit/", group_views.edit, name="group_edit"),
    path("groups/<int:pk>/delete/", group_views.delete, name="group_delete"),
    path("groups/<int:pk>/members/", membership_views.members, name="group_members"),
    path("groups/<int:pk>/add/<slug:role>/", membership_views.enrol, name="group_enrol"),
    path("years/", year_views.years, name="years"),
    path("years/add/", year_views.add, name="year_add"),
    path("years/<int:pk>/", year_views.edit, name="year_edit"),
    path("years/<int:pk>/delete/", year_views.delete, name="year_delete"),
    path("years/<int:pk>/copy/", year_views.copy, name="year_copy"),
    path("years/<int:pk>/move-up/", year_views.move_up, name="year_move_up"),
    path("units/", unit_views.units, name="units"),
    path("units/add/", unit_views.add, name="unit_add"),
    path("units/<int:pk>/", unit_views.edit, name="unit_edit"),
    path("units/<int:pk>/delete/", unit_views.delete, name="unit_delete"),
    path("unreachable/", unreachable_views.unreachable, name="unreachable"),
    path("unreachable/download/", unreachable_views.download, name="unreachable_download"),
    path("unreachable/letters/", unreachable_views.letters, name="letters"),
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
