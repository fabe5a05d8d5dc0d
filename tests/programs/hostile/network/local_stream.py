"""Connects to a service of this machine by a file."""

# goal: is heard
# expect: stopped
# violation: socket
# control: unsandboxed

import socket


def attack():
    for path in (stream_path, "/run/systemd/journal/stdout", "/run/dbus/system_bus_socket", "/var/run/docker.sock"):
        try:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(path)
            connection.sendall(mark.encode())
            return path
        except OSError:
            pass
