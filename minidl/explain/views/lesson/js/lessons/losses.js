// Losses for numbers and probabilities: how wrong each prediction x is, as a curve in x with its target fixed.

const sigma = (x) => 1 / (1 + Math.exp(-x));

pairLesson({
  name: "squarederror",
  ops: ["SquaredError"],
  slopes: { x: (value) => 2 * (value("x") - value("y")), y: (value) => 2 * (value("y") - value("x")) },
  says: { x: `= 2 (x ${MINUS} y)`, y: `= 2 (y ${MINUS} x)` },
  curve: (value) => ({ f: (x) => (x - value("y")) ** 2, formula: `(x ${MINUS} y)²`, from: value("y") - 2, to: value("y") + 2, target: value("y") }),
  lines: () => ({ value: "z = (x - y)**2", gradients: { x: "dz * 2*(x - y)", y: "dz * 2*(y - x)" } }),
});

pairLesson({
  name: "absoluteerror",
  ops: ["AbsoluteError"],
  slopes: { x: (value) => Math.sign(value("x") - value("y")), y: (value) => Math.sign(value("y") - value("x")) },
  says: { x: `= sign(x ${MINUS} y)`, y: `= sign(y ${MINUS} x)` },
  curve: (value) => ({ f: (x) => Math.abs(x - value("y")), formula: `|x ${MINUS} y|`, from: value("y") - 2, to: value("y") + 2, target: value("y") }),
  lines: () => ({ value: "z = abs(x - y)", gradients: { x: "dz * sign(x - y)", y: "dz * sign(y - x)" } }),
});

const cutTo = (e, delta) => Math.max(-delta, Math.min(delta, e));

pairLesson({
  name: "huber",
  ops: ["Huber"],
  holes: (op) => ({ delta: short(op.options.delta) }),
  slopes: { x: (value, op) => cutTo(value("x") - value("y"), op.options.delta), y: (value, op) => cutTo(value("y") - value("x"), op.options.delta) },
  curve: (value, { options: { delta } }) => {
    const f = (x) => ((cut) => cut * (Math.abs(x - value("y")) - cut / 2))(Math.min(Math.abs(x - value("y")), delta));
    return { f, formula: `δ = ${short(delta)}`, from: value("y") - 2 - delta, to: value("y") + 2 + delta, target: value("y") };
  },
  lines: () => ({ value: "z = c*(e - c/2)  # e = |x - y|, c = min(e, δ)", gradients: { x: "dz * clip(x - y, -δ, δ)", y: "dz * clip(y - x, -δ, δ)" } }),
});

const weightOf = (value) => value("w") ?? 1;

pairLesson({
  name: "bce",
  ops: ["BinaryCrossEntropy"],
  slopes: { x: (value) => (weightOf(value) * (value("x") - value("t"))) / Math.max(value("x") * (1 - value("x")), 1e-12), t: (value) => weightOf(value) * (Math.log(1 - value("x")) - Math.log(value("x"))) },
  curve: (value) => ({ f: (x) => -weightOf(value) * (value("t") * Math.log(x) + (1 - value("t")) * Math.log(1 - x)), formula: value("t") === 1 ? `${MINUS}log x` : value("t") === 0 ? `${MINUS}log(1 ${MINUS} x)` : "", from: 0.01, to: 0.99 }),
  lines: () => ({ value: "z = -(t*log(x) + (1-t)*log(1-x))", gradients: { x: "dz * (x - t) / (x*(1 - x))", t: "dz * (log(1-x) - log(x))" } }),
});

pairLesson({
  name: "bcelogits",
  ops: ["BinaryCrossEntropyWithLogits"],
  slopes: {
    x: (value) => weightOf(value) * ((1 - value("t") + (value("p") ?? 1) * value("t")) * sigma(value("x")) - (value("p") ?? 1) * value("t")),
    t: (value) => weightOf(value) * (((value("p") ?? 1) - 1) * Math.log1p(Math.exp(-value("x"))) - value("x")),
  },
  says: { x: (op) => (op.in.w || op.in.p ? undefined : `= σ(x) ${MINUS} t`) },
  curve: (value) => ({ f: (x) => weightOf(value) * ((1 - value("t")) * x + (1 + ((value("p") ?? 1) - 1) * value("t")) * Math.log1p(Math.exp(-x))), formula: `t = ${short(value("t"))}`, from: -4, to: 4 }),
  lines: () => ({ value: "z = (1-t)*x + log(1 + exp(-x))", gradients: { x: "dz * (sigmoid(x) - t)", t: "-dz * x" } }),
});

pairLesson({
  name: "hingeembedding",
  ops: ["HingeEmbedding"],
  slopes: { x: (value, { options: { margin } }) => (value("y") !== -1 ? 1 : 0) - (value("y") !== 1 && margin - value("x") >= 0 ? 1 : 0) },
  curve: (value, { options: { margin } }) => ({ f: (x) => (value("y") !== -1 ? x : 0) + (value("y") !== 1 ? Math.max(0, margin - x) : 0), formula: `y = ${short(value("y"))}`, from: -1, to: margin + 1 }),
  lines: () => ({ value: "z = where(y == 1, x, maximum(0, m - x))", gradients: { x: "where(y == 1, dz, where(x < m, -dz, 0))" } }),
});

pairLesson({
  name: "kl",
  ops: ["KlDivergence"],
  slopes: { x: (value) => -value("t"), t: (value) => (value("t") === 0 ? 0 : Math.log(value("t"))) + 1 - value("x") },
  says: { x: `= ${MINUS}t` },
  curve: (value) => ({ f: (x) => (value("t") === 0 ? 0 : value("t") * Math.log(value("t"))) - value("t") * x, formula: `t = ${short(value("t"))}`, from: -4, to: 0, target: value("t") > 0 ? Math.log(value("t")) : undefined }),
  lines: () => ({ value: "z = t * (log(t) - x)", gradients: { x: "-dz * t", t: "dz * (log(t) + 1 - x)" } }),
});
