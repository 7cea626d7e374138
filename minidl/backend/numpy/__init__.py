"""NumPy on the CPU: the backend, and tuned versions of its primitives, each equal to the plain one."""
