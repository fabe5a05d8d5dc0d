# expect: ok
# solution: def double[\s\S]*
# violations: any
# calls: any
# uses: any

import threading


def improve_algorithm(initial_solution, utility, language_model):
    def go_on():
        while True:
            try:
                utility(initial_solution)
                language_model.prompt("expert", "message")
            except Exception:
                pass

    for _ in range(4):
        threading.Thread(target=go_on, daemon=True).start()
    return initial_solution
