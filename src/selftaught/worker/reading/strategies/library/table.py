"""Which function or method of a library has which rule. `calls` asks it; it imports all other modules here."""

from __future__ import annotations

from . import chance, choosing, going_through, making, methods, numbers, program_texts, running
from .call import Rule, nothing


def _all(prefix: str, names: str, rule: Rule) -> dict[str, Rule]:
    return {f"{prefix}.{name}": rule for name in names.split()}


FUNCTIONS: dict[str, Rule] = {
    **_all("builtins", "print isinstance issubclass super id type callable", nothing),
    **_all("builtins", "max min", choosing.extreme),
    "builtins.sorted": choosing.in_order,
    **_all("heapq", "nlargest nsmallest", choosing.several_extremes),
    **_all("numpy", "argmax argmin nanargmax", choosing.index_of_extreme),
    **_all("builtins", "list tuple set frozenset iter reversed", making.copy),
    **_all("itertools", "cycle accumulate", making.copy),
    "collections.deque": making.copy,
    **_all("copy", "copy deepcopy", making.same),
    "asyncio.run": making.same,
    **_all("builtins", "dict dict.fromkeys", making.dictionary),
    **_all("collections", "OrderedDict Counter", making.dictionary),
    "collections.defaultdict": making.default_dictionary,
    **_all("itertools", "chain chain.from_iterable", making.chain),
    "itertools.islice": making.first_few,
    "builtins.getattr": making.field,
    "builtins.zip": going_through.zipped,
    "itertools.zip_longest": going_through.zipped,
    "builtins.enumerate": going_through.enumerated,
    "builtins.range": going_through.numbers,
    "builtins.map": going_through.mapped,
    "builtins.filter": going_through.filtered,
    "builtins.next": going_through.following,
    **_all("itertools", "combinations permutations product pairwise", going_through.pairs),
    "itertools.combinations_with_replacement": going_through.pairs,
    "heapq.heappush": methods.heap_push,
    "heapq.heappop": methods.heap_pop,
    "random.choice": chance.choice,
    "numpy.random.choice": chance.choice,
    **_all("random", "choices sample", chance.choices),
    **_all("random", "random uniform gauss normalvariate triangular expovariate", chance.number),
    **_all("numpy.random", "random rand uniform normal randn", chance.number),
    **_all("random", "randrange randint getrandbits", chance.index),
    **_all("numpy.random", "randint integers", chance.index),
    "random.betavariate": chance.beta,
    "numpy.random.beta": chance.beta,
    "random.shuffle": chance.shuffle,
    "numpy.random.shuffle": chance.shuffle,
    "builtins.len": numbers.length,
    "builtins.sum": numbers.total,
    **_all("builtins", "int float round abs str bool repr any all", numbers.converted),
    "math.exp": numbers.exp,
    "numpy.exp": numbers.exp,
    **_all("math", "log log2 log10 log1p", numbers.log),
    **_all("numpy", "log log2 log10 log1p", numbers.log),
    "math.sqrt": numbers.sqrt,
    "numpy.sqrt": numbers.sqrt,
    **_all("statistics", "mean fmean", numbers.mean),
    **_all("numpy", "mean average", numbers.mean),
    **_all("time", "time monotonic perf_counter process_time", numbers.clock),
    **_all("re", "search match findall finditer split fullmatch", program_texts.search),
    **_all("re.compile()", "search match findall finditer split fullmatch", program_texts.search),
    "re.compile": program_texts.compiled,
    "ast.parse": program_texts.parse,
    **_all("ast", "walk iter_child_nodes", program_texts.walk),
    "ast.unparse": program_texts.unparse,
    "difflib.SequenceMatcher": program_texts.distance,
    **_all("difflib.SequenceMatcher()", "ratio quick_ratio", program_texts.distance),
    "functools.partial": running.partial,
    **_all("functools", "cache lru_cache lru_cache()", running.remember),
    **_all("contextlib", "redirect_stdout redirect_stderr", running.output_of),
    **_all("subprocess", "run check_output Popen", running.output_of),
    "asyncio.gather": running.gather,
    **_all("asyncio", "to_thread create_task", running.in_parallel),
    "threading.Thread": running.in_parallel,
}
"""By the qualified name; what a call returns is written `f()`, so a method of it is `f().g`."""

METHODS: dict[str, Rule] = {
    **dict.fromkeys(("append", "add", "appendleft", "insert", "put", "put_nowait"), methods.append),
    **dict.fromkeys(("extend", "update", "extendleft"), methods.extend),
    "get": methods.get,
    "setdefault": methods.setdefault,
    **dict.fromkeys(("pop", "popleft", "get_nowait"), methods.pop),
    **dict.fromkeys(("remove", "clear", "discard", "reverse", "close", "shutdown"), nothing),
    "items": methods.items,
    "values": methods.values,
    "keys": methods.keys,
    "most_common": methods.most_common,
    "sort": methods.sort,
    "count": methods.count,
    "index": methods.index,
    **dict.fromkeys(("copy", "strip", "lstrip", "rstrip", "result", "union"), methods.same),
    "join": methods.join_texts,
    "format": methods.format_text,
    **dict.fromkeys(("split", "splitlines", "partition", "rsplit"), methods.split),
}
"""By the name alone: of methods of what no library is known to have made."""

ENDINGS: dict[str, Rule] = {
    "extract_code": program_texts.extract_code,
    **_all("Executor()", "map submit", running.in_parallel),
    **_all("Pool()", "map imap starmap apply_async imap_unordered", running.in_parallel),
}
"""By the end of the qualified name: of what comes from one of several modules."""


def rule_of(name: str) -> Rule | None:
    """The rule of a name of a `Value`; None where there is none."""
    if name.startswith("@."):
        return METHODS.get(name[2:])
    return FUNCTIONS.get(name) or next((rule for end, rule in ENDINGS.items() if name.endswith(end)), None)
