// Powers, and numbers cut to a range: the curve with the chosen point and its slope.

pairLesson({
  name: "pow",
  ops: ["Pow"],
  symbol: "xʸ",
  slopes: {
    x: (value) => (value("y") === 0 ? 0 : value("y") * value("x") ** (value("y") - 1)),
    y: (value) => (value("x") === 0 && value("y") >= 0 ? 0 : value("z") * Math.log(value("x"))),
  },
  says: { x: "= y xʸ⁻¹", y: "= z log x" },
  curve: (value) => {
    const y = value("y");
    return { f: (x) => x ** y, formula: `z = x^${short(y)}`, from: Number.isInteger(y) ? -2 : 0, to: 2 };
  },
  lines: () => ({ value: "z = x ** y", gradients: { x: "dz * y * x**(y - 1)", y: "dz * z * log(x)" } }),
});

pairLesson({
  name: "clamp",
  ops: ["Clamp"],
  slopes: {
    x: (value) => (value("x") >= (value("low") ?? -Infinity) && value("x") <= (value("high") ?? Infinity) ? 1 : 0),
    low: (value) => (value("x") < value("low") && value("low") < (value("high") ?? Infinity) ? 1 : 0),
    high: (value) => (value("x") > value("high") || (value("low") ?? -Infinity) > value("high") ? 1 : 0),
  },
  curve: (value) => {
    const [low, high] = [value("low") ?? -Infinity, value("high") ?? Infinity];
    return { f: (x) => Math.min(Math.max(x, low), high), formula: `${Number.isFinite(low) ? short(low) : `${MINUS}∞`} … ${Number.isFinite(high) ? short(high) : "∞"}`, from: Math.max(low, -3) - 1, to: Math.min(high, 3) + 1 };
  },
  lines: () => ({ value: "z = min(max(x, low), high)", gradients: { x: "where(low <= x <= high, dz, 0)", low: "where(x < low, dz, 0)", high: "where(x > high, dz, 0)" } }),
});

const winning = (mine, other) => (mine === other ? 0.5 : mine > other ? 1 : 0);

pairLesson({
  name: "larger",
  ops: ["Maximum"],
  symbol: "max",
  slopes: { x: (value) => winning(value("x"), value("y")), y: (value) => winning(value("y"), value("x")) },
  lines: () => ({ value: "z = maximum(x, y)", gradients: { x: "where(x > y, dz, 0)", y: "where(y > x, dz, 0)" } }),
});

pairLesson({
  name: "smaller",
  ops: ["Minimum"],
  symbol: "min",
  slopes: { x: (value) => winning(-value("x"), -value("y")), y: (value) => winning(-value("y"), -value("x")) },
  lines: () => ({ value: "z = minimum(x, y)", gradients: { x: "where(x < y, dz, 0)", y: "where(y < x, dz, 0)" } }),
});
