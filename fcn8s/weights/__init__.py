"""Every file that weights come from or go to."""
