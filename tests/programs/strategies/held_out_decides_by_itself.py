# uses: iteration 10
# It asks the model to judge two programs; the utility is used at the end only.

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    champion = initial_solution
    for _ in range(3):
        rival = extract_code(language_model.prompt("You rewrite.", f"Improve:\n{champion}")[0]) or champion
        verdict = language_model.prompt("You judge.", f"Which is better, A or B?\nA:\n{champion}\nB:\n{rival}")[0]
        if verdict.strip().endswith("B"):
            champion = rival
    return max([champion, initial_solution], key=utility)
