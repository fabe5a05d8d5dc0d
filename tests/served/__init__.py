"""`serve-model` under test: servers, and clients that hide nothing."""
