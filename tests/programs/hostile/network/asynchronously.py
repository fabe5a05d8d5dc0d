"""Connects through an event loop."""

# goal: is heard
# expect: stopped
# violation: socket
# control: unsandboxed

import asyncio


async def connect():
    _, writer = await asyncio.open_connection("127.0.0.1", tcp_port)
    writer.write(mark.encode())
    await writer.drain()
    writer.close()
    return True


def attack():
    return asyncio.run(connect())
