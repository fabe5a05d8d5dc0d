"""What the functions and methods of Python's libraries make of what goes into them: a rule for each.

    table.py          which name has which rule
    methods.py        methods of containers and texts, and the functions of heapq
    making.py         containers made from others
    going_through.py  going through containers, in turn and in pairs
    choosing.py       the largest, by whatever is compared
    chance.py         draws and random numbers
    numbers.py        numbers, measures and clocks
    program_texts.py  programs as text and as syntax trees
    running.py        functions that are bound, remembered or run side by side, and programs that are run
    call.py           what a rule gets: the call

Each imports those below it, and `containers`, `operators`, `texts` and `attributes` of the folder around it.
"""
