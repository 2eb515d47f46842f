"""Trained nets for other runtimes: written, compared with the net, and run."""
