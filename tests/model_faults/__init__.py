"""What happens to a language model when its provider fails: over real connections, through the real client.

server    a server of chat completions that fails as it is told, and that really goes away and comes back
cases     every fault, and what should come of it
measure   what came of it
"""
