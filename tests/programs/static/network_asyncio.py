# shows: network

import asyncio


async def fetch():
    reader, writer = await asyncio.open_connection("192.0.2.1", 80)
    return reader, writer


def f(x):
    return asyncio.run(fetch())
