"""What a service manager such as systemd hands to the host, and is told by it."""

import logging
import os
import socket
from typing import Final

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"

_FIRST_DESCRIPTOR: Final = 3  # SD_LISTEN_FDS_START

_log = logging.getLogger(__name__)


def notify(state: str) -> None:
    """Send one state to the socket that NOTIFY_SOCKET names, for units with `Type=notify` (sd_notify(3)).

    Without that variable there is no one to tell. A name that begins with `@` is in Linux's abstract
    namespace.
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


def inherited_listener() -> socket.socket | None:
    """The listening socket of a socket unit, or None if there is none for this process (sd_listen_fds(3)).

    Clients can connect to it while the host is restarted, and wait.
    """
    is_ours = os.environ.pop("LISTEN_PID", "") == str(os.getpid())
    count = os.environ.pop("LISTEN_FDS", "0")
    if not is_ours or count == "0":
        return None
    listener = socket.socket(fileno=_FIRST_DESCRIPTOR)
    listener.set_inheritable(False)
    return listener
