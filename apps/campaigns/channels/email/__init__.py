"""Email, by the school's own server or by a mail service."""
