"""Sends what the host has to tell people: into a folder, or through a queue on the disk to a mail server."""
