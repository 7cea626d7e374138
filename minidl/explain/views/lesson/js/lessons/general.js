// Any operation without a lesson of its own: its recorded lines (or its formula), and its arrays side by side.

lesson({
  name: "general",
  slug: (op) => op.op.toLowerCase(),
  lines(op, part) {
    if (op.lines) return op.lines[part.phase].map((text) => [text]);
    return inLanguage(part.phase === "forward" ? op.plain : op.plainDerivative).split("\n").filter(Boolean).map((text) => [text]);
  },
  draw(op, part, cell) {
    const shown = (label, array, index, hue, extra = {}) =>
      array && index ? [arrayFigure({ op, label, array, index, hue, ...extra })] : [];
    const known = op.inputs.filter((input) => input.array?.dtype.startsWith("float"));
    if (part.phase === "forward") {
      return make("div", { class: "row general" }, ...known.flatMap((input) => shown(input.label, input.array, cell[input.label], "f")), sign("▶"), ...shown("z", op.z, cell.z, "f", { result: true, frame: "r" }));
    }
    const { label } = part;
    return make("div", { class: "row general" }, ...shown(part.id, op.d[label], cell[label], "b", { result: true, frame: "r" }), sign("◀"), ...shown("dz", op.dz, cell.z, "b"), ...shown(label, op.in[label], cell[label], "f"));
  },
  chain(op, part, cell) {
    const label = part.label ?? op.inputs.find((input) => input.grad)?.label;
    if (!label || !cell[label]) return null;
    const value = at(op.d[label], cell[label]);
    return {
      sign: "=",
      between: "·",
      terms: [
        term(["L"], [label, trimmed(cell[label])], value, say("app.handed", { name: "d" + label }), "r", traced(op, "d" + label, cell[label])),
        { symbol: make("span", { class: "frac v" }, make("span", {}, "∂L"), make("span", {}, "∂z")), value: short(at(op.dz, cell.z), 4), words: say("app.arriving", { name: "dz" }), hue: "b", go: traced(op, "dz", cell.z) },
        { symbol: fraction(["z"], [label]), value: "…", words: say("app.local"), hue: "f" },
      ],
      note: nudgedNote(op, label, cell[label]),
    };
  },
});
