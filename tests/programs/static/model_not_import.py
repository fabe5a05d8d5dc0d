# shows: nothing

from language_model import LanguageModel


def improve_algorithm(initial_solution, utility, language_model: LanguageModel):
    assert isinstance(language_model, LanguageModel)
    return initial_solution
