"""Unlocks the login collection of the keyring on the session bus with the password on standard input, without a prompt."""

import sys

from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection

# One connection: a session of the Secret Service ends with it.
bus = open_dbus_connection("SESSION")


def call(interface, method, signature, *body):
    address = DBusAddress("/org/freedesktop/secrets", "org.freedesktop.secrets", interface)
    return bus.send_and_get_reply(new_method_call(address, method, signature, body)).body


_, session = call("org.freedesktop.Secret.Service", "OpenSession", "sv", "plain", ("s", ""))
secret = (session, b"", sys.stdin.buffer.read(), "text/plain")
gnome = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"
collection = "/org/freedesktop/secrets/collection/login"
call(gnome, "UnlockWithMasterPassword", "o(oayays)", collection, secret)
