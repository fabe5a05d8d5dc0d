# uses: iteration 12
# Variables called beam, frontier, tabu and bandit; it only improves the best.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    beam = [initial_solution]
    frontier, tabu, bandit, annealing_temperature = [], set(), {"arm": 0}, 1.0
    for generation in range(3):
        beam_width = len(beam)
        candidates = extract_code(language_model.prompt("You search a beam.", f"Improve:\n{beam[0]}", beam_width + 3))
        frontier.extend(candidates)
        tabu.update(candidates)
        bandit["arm"] += 1
        annealing_temperature *= 0.5
        beam = [max(beam + candidates, key=utility)]
    return beam[0]
