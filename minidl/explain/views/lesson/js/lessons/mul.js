// Products, quotients and powers: each operand's gradient is scaled by what the other one is.

pairLesson({
  name: "mul",
  ops: ["Mul"],
  symbol: "×",
  slopes: { x: (value) => value("y"), y: (value) => value("x") },
  says: { x: "= y", y: "= x" },
  factors: { x: "y", y: "x" },
  lines: () => ({ value: "z = x * y", gradients: { x: "dz * y", y: "dz * x" } }),
});

pairLesson({
  name: "div",
  ops: ["Div"],
  symbol: "÷",
  slopes: { x: (value) => 1 / value("y"), y: (value) => -value("x") / value("y") ** 2 },
  says: { x: "= 1 / y", y: `= ${MINUS}x / y²` },
  lines: () => ({ value: "z = x / y", gradients: { x: "dz / y", y: "-dz * x / y**2" } }),
});

pairLesson({
  name: "neg",
  ops: ["Neg"],
  symbol: MINUS,
  slopes: { x: () => -1 },
  lines: () => ({ value: "z = -x", gradients: { x: "-dz" } }),
});

pairLesson({
  name: "lerp",
  ops: ["Lerp"],
  symbol: "↔",
  slopes: { x: (value) => 1 - value("w"), y: (value) => value("w"), w: (value) => value("y") - value("x") },
  says: { x: `= 1 ${MINUS} w`, y: "= w", w: `= y ${MINUS} x` },
  lines: () => ({ value: "z = x + w * (y - x)", gradients: { x: "dz * (1 - w)", y: "dz * w", w: "dz * (y - x)" } }),
});
