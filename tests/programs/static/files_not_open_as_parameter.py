# shows: nothing

def neighbours(node, open, closed):
    for other in node:
        if other not in closed:
            open.append(other)
    return open


def f(graph):
    open = [0]
    return neighbours(graph[open.pop()], open, set())
