"""Template tags of Bedel's components (builtin: no {% load %} needed)."""

from django import template

register = template.Library()
