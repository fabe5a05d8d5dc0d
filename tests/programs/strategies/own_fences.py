# uses: iteration 18
# It cuts programs out of answers by itself and asks a second time with its own first answer.

import re


def code_in(text):
    found = re.findall(r"```(?:python)?\n(.*?)```", text, flags=re.DOTALL)
    return max(found, key=len) if found else ""


def improve_algorithm(initial_solution, utility, language_model):
    def ask(program, note):
        return language_model.prompt("You improve.", f"{note}\n\n{program}", n_responses=3, temperature=0.7)

    drafts = [code_in(answer) for answer in ask(initial_solution, "Improve this program.")]
    draft = max(filter(None, drafts), key=utility, default=initial_solution)
    final = [code_in(answer) for answer in ask(draft, "Polish this draft, keep what it does.")]
    return max([draft, *filter(None, final)], key=utility)
