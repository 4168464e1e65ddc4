"""Channels: where people are told of incidents. A new kind is a new file in this folder that has a ``CHANNEL``."""
