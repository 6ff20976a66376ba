"""``%memguard``: stops cells before the system kills the kernel."""
