# uses: iteration 12
# A list called population is filled and sorted, but only the best goes into prompts.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    population = [(utility(initial_solution), initial_solution)]
    for generation in range(4):
        parent = max(population)[1]
        message = f"Generation {generation}. Improve:\n{parent}\n{utility.str}"
        for child in extract_code(language_model.prompt("You improve programs.", message, n_responses=5)):
            population.append((utility(child), child))
        population = sorted(population, reverse=True)[:5]
    return population[0][1]
