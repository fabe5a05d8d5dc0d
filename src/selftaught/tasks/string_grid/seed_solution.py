def algorithm(t, dist):
    """Return a string near the distance `dist` from t: t itself."""
    return t
