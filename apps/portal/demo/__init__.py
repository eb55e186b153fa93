"""The demo: two schools that do not exist, and one command that starts everything for them."""
