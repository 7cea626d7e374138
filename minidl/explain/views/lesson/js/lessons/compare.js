// Comparisons and other steps: an answer without a slope, where every gradient ends.

lesson({
  name: "compare",
  ops: ["Compare", "Test", "ArgExtreme", "Argsort", "TopPlaces", "Decide", "CountNonzero"],
  slug: (op) => op.op.toLowerCase(),
  short: (op) => op.options.relation ?? op.options.how ?? op.op,
  holes: (op) => ({ name: op.options.relation ?? op.options.how ?? op.op }),
  lines: (op) => [[op.op === "Compare" ? `z = ${op.options.relation}(x, y)` : `z = ${op.options.how ?? op.options.name ?? op.op.toLowerCase()}(x)`]],
  draw(op, part, cell) {
    const inputs = op.inputs.filter((input) => input.array);
    return make("div", { class: "row moved" }, make("div", { class: "beside" }, ...inputs.map(({ label, array }) => groupFigure({ op, label, array, index: cell[label], member: (i) => sameIndex(i, cell[label]) }))), sign("▶"), groupFigure({ op, label: "z", array: op.z, index: cell.z, result: true, frame: "r", member: (i) => sameIndex(i, cell.z) }));
  },
});
