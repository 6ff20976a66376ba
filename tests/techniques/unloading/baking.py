"""The events between a slow import and its test."""

import threading

started = threading.Event()
go_on = threading.Event()
