"""What only a nightly run has time for: ``make hard-use``."""
