"""Tells the service manager how far the host is: sd_notify(3), for units with `Type=notify`."""

import logging
import os
import socket
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"

_log = logging.getLogger(__name__)


def notify(state: str) -> None:
    """Send one state to the socket that NOTIFY_SOCKET names; without that variable there is no one to tell.

    A name that begins with `@` is in Linux's abstract namespace.
    """
    name = os.environ.get("NOTIFY_SOCKET")
    if not name:
        return
    address = f"\0{name[1:]}" if name.startswith("@") else name
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(state.encode(), address)
    except OSError as error:
        _log.warning("the service manager at %s can't be told %s: %s", name, state, error)
