def algorithm():
    return 0.0
