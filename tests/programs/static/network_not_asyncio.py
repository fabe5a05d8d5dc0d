# shows: nothing

import asyncio


async def add(a, b):
    await asyncio.sleep(0)
    return a + b


def f(x):
    return asyncio.run(add(x, 1))
