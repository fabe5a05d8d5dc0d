def utility(algorithm_str: str):
    """Finds a text of the letters A and B that differs in exactly so many places. Between 0 and 1."""
    exec(algorithm_str, globals())
    return sum(score_one(text, n_places, algorithm) for text, n_places in cases()) / 10
