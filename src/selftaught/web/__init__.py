"""What speaks HTTP to the outside: a model behind an OpenAI-compatible server."""
