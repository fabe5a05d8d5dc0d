def algorithm(flow, distance):
    return list(range(len(flow)))
