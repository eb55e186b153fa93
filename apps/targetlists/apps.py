from django.apps import AppConfig


class TargetListsConfig(AppConfig):
    name = "apps.targetlists"
