"""What mpiexec runs is not collected: it needs several processes, and partly CuPy."""

collect_ignore = ["collectives.py", "gpu.py", "kills.py", "launch.py", "parallel.py"]
