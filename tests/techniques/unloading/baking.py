"""What a slow import and the test of it tell each other."""

import threading

started = threading.Event()
go_on = threading.Event()
