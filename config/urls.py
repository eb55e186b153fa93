"""The URL table: what belongs to an organisation lives below /o/<slug>/; the rest is login, health and public links."""

from django.urls import include, path

from apps.portal import views as portal

organization_urls = [
    path("", include("apps.portal.organization.urls")),
    path("people/import/", include("apps.imports.urls")),
    path("people/lists/", include("apps.targetlists.urls")),
    path("people/", include("apps.recipients.urls")),
    path("messages/", include("apps.campaigns.urls")),
    path("messages/", include("apps.deliveries.urls")),
    path("settings/members/", include("apps.portal.members.urls")),
    path("settings/", include("apps.senders.urls")),
]

urlpatterns = [
    path("", include("apps.portal.urls")),
    # An administrator says which address one logs in by: nobody adds another one to an account, his or a stranger's.
    path("accounts/email/", portal.not_offered),
    path("accounts/", include("allauth.account.urls")),
    path("o/<slug:organization_slug>/", include(organization_urls)),
    path("p/", include("apps.deliveries.families.urls")),
    path("hooks/", include("apps.deliveries.heard.urls")),
]

handler400 = portal.bad_request
handler403 = portal.permission_denied
handler404 = portal.page_not_found
handler500 = portal.server_error
