// ReLU: the curve with a corner. What was above zero passes, and so does its gradient; the rest stops.

lesson({
  ...CURVE,
  name: "relu",
  ops: ["Relu"],
  fits: () => false,
  slug: undefined,
  holes: undefined,
  short: undefined,
  lines: (op, part) =>
    part.phase === "forward"
      ? [["z = maximum(x, 0)", say("relu.line.z")]]
      : [["passed = x > 0", say("relu.line.passed"), "forward"], ["dx = where(passed, dz, 0)", say("relu.line.dx")]],
  inks: { passed: "f" },
});
