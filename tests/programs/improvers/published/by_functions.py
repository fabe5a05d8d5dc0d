import ast

from helpers import extract_code


def functions_of(source):
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]


def with_function(source, node, replacement):
    lines = source.splitlines()
    lines[node.lineno - 1 : node.end_lineno] = replacement.splitlines()
    return "\n".join(lines) + "\n"


def improve_algorithm(initial_solution, utility, language_model):
    """Decomposition: one function after the other."""
    best, best_value = initial_solution, utility(initial_solution)

    def refine(node):
        nonlocal best, best_value
        part = ast.get_source_segment(best, node)
        answers = language_model.prompt("You refactor.", f"Only this function:\n```python\n{part}\n```", 2, temperature=0.5)
        for answer in answers:
            code = extract_code(answer)
            candidate = with_function(best, node, code) if code else None
            if candidate and utility(candidate) > best_value:
                best, best_value = candidate, utility(candidate)
                return

    for node in functions_of(initial_solution)[: language_model.budget]:
        refine(node)
    return best
