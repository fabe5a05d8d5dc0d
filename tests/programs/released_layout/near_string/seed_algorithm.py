def algorithm(text: str, n_places: int):
    return text
