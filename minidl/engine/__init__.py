"""The engine: tensors remember the operations that made them, and `backward` goes back through those."""
