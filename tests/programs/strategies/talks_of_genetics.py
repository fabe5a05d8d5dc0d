# uses: best_of_n 17
# Only the texts speak of a genetic algorithm, beam search and annealing.

"""A genetic algorithm with simulated annealing, beam search, caching and an epsilon-greedy bandit."""

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Evolve a population: selection, crossover, mutation, temperature schedule."""
    # genetic algorithm: population = sorted(population)[:10]; crossover(a, b)
    message = (
        "Use a genetic algorithm with a population, crossover and mutation, or simulated annealing with "
        f"math.exp(-delta / temperature) > random.random(), to improve:\n{initial_solution}\n{utility.str}"
    )
    answers = language_model.prompt("You are an expert in beam search.", message, n_responses=6, temperature=0.7)
    return max(extract_code(answers), key=utility)
