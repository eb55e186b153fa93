"""What each channel needs of a message, one folder a channel: `docs/adding-a-channel.md` is the checklist.

`channel.py` says what a channel is, `registry.py` which there are; these two lie below everything that handles
messages. The folders lie above: a channel's own form, checks, copies and carriers.
"""
