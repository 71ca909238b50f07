//! A real devpi-server behind a real nginx, with real clients, for tests and the demonstration.
