"""Robust tabu search: the best exchange of two facilities that is not tabu, from several starts while there is time."""

import time

import numpy as np


def algorithm(F, D, P):
    begun, rng, n = time.process_time(), np.random.default_rng(0), len(F)
    seconds = 0.085
    best, best_worth = None, -np.inf
    rows = np.arange(n)
    pairs = np.triu_indices(n, 1)
    flat = np.ravel_multi_index(pairs, (n, n))
    while best is None or time.process_time() - begun < seconds:
        places = rng.permutation(n)
        gains = exchange_gains(F, D, P, places)
        worth = (F * D[np.ix_(places, places)]).sum() - 0.5 * P[rows, places].sum()
        forbidden = np.zeros((n, n), dtype=int)  # until which step a facility may not return to a place
        for step in range(60 * n):
            if time.process_time() - begun > seconds:
                break
            away = forbidden[:, places]  # [i, j]: facility i to the place of j
            is_tabu = np.minimum(away, away.T) > step
            allowed = np.where(is_tabu & (worth + gains <= best_worth + 1e-9), -np.inf, gains)
            i, j = divmod(int(flat[np.argmax(allowed.ravel()[flat])]), n)
            worth += gains[i, j]
            forbidden[i, places[i]] = step + rng.integers(int(0.9 * n), int(1.1 * n) + 2)
            forbidden[j, places[j]] = step + rng.integers(int(0.9 * n), int(1.1 * n) + 2)
            places[i], places[j] = places[j], places[i]
            gains = exchange_gains(F, D, P, places)
            if worth > best_worth:
                best, best_worth = places.copy(), worth
    return best


def exchange_gains(F, D, P, places):
    """What is gained by exchanging the places of facilities i and j, for all of them at once, (n, n)."""
    E = D[np.ix_(places, places)]
    F, f, E, e = F - np.diag(np.diag(F)), np.diag(F), E - np.diag(np.diag(E)), np.diag(E)
    preference = -0.5 * P[:, places]
    # Row i of F meets row j of E instead of its own; the cells of i and j themselves come apart.
    crossed = F @ E.T + F.T @ E
    own = np.diag(crossed)
    gain = crossed + crossed.T - own[:, None] - own[None, :]
    gain += (f[:, None] - f[None, :]) * (e[None, :] - e[:, None])
    gain += (F + F.T) * (E + E.T)
    return gain + preference + preference.T - np.diag(preference)[:, None] - np.diag(preference)[None, :]
