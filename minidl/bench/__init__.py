"""The benchmark: minidl against PyTorch, and CPU against GPU, each contestant in its own process.

    works.py         what is timed: networks, batches, and the bar each must clear
    ops.py           what is timed: single operations at three sizes
    library.py       minidl or PyTorch behind one interface; nearly all names are the same
    training.py      one training step, cut into data, forward, backward and update
    worker.py        the process of one contestant, driven over a pipe
    contestant.py    the other end of that pipe
    rounds.py        contestants measured in turns, medians, ratios, and whether the results agree
    suites/          lecture, ops, scaling, epoch, cpu-gpu
    report.py        tables;  figures.py: plots;  machine.py: what it ran on

The files that a worker needs import nothing of the engine, so that PyTorch's process loads none of it either.
"""
