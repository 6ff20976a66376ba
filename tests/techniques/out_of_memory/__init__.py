"""What is done after code has run out of memory."""
