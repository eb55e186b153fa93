"""Signs of life of the processes behind the pages."""

from django.db import models


class Heartbeat(models.Model):
    """When the scheduler or a worker was last heard of."""

    name = models.CharField(max_length=20, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
