"""The bridge: the only package that imports the islands `at`, `queue` and `mqtt`."""
