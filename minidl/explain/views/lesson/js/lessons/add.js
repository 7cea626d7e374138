// Sums and differences: a slope of 1 or -1, so the gradient is handed on as it came.

pairLesson({
  name: "add",
  ops: ["Add", "AddScaled"],
  symbol: "+",
  slopes: { x: () => 1, y: (value, op) => op.options.a ?? 1 },
  lines: (op) =>
    op.op === "AddScaled"
      ? { value: "z = x + a * y", gradients: { x: "dz", y: "a * dz" } }
      : { value: "z = x + y", gradients: { x: "dz", y: "dz" } },
});

pairLesson({
  name: "sub",
  ops: ["Sub"],
  symbol: MINUS,
  slopes: { x: () => 1, y: () => -1 },
  lines: () => ({ value: "z = x - y", gradients: { x: "dz", y: "-dz" } }),
});
