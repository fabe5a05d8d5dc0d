"""Runs the hostile programs of `tests/programs/hostile` and decides whether each reached its goal.

    corpus    reads the programs: what each tries, how it should end, which run shows that it is no dud
    targets   what a program is let loose on: planted secrets, victims, listeners; and a look at them afterwards
    goals     whether a goal was reached, from what can be seen outside of the program
    probes    programs that attack the operating system and the wire, isolated and without isolation
    scores    solutions that want a score which they do not deserve, and the naive scorer that gives it to them
    sessions  improvers that want more than their budget, and the naive session that gives it to them
    tasks     tasks whose own code is hostile, and the naive loader that trusts it
    runs      all of them in one mode, or all controls
    other_user  the same once more as an ordinary user, for root
    table     the results as Markdown, for `docs/security.md`
    naive/    an engine, a scorer, a session and a loader as one writes them without hostile programs in mind

Under isolation a program's mere word that it succeeded counts against the isolation. In a control only what is seen
from outside counts, or a planted secret that the program could not have guessed.
"""
