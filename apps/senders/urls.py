app_name = "senders"
urlpatterns: list = []
