// Reshape: the same numbers in another shape. Gradients walk the same way back.

lesson({
  name: "reshape",
  ops: ["Reshape"],
  inks: { shape: "" },
  holes: (op) => ({ title: say(op.z.shape.length < op.in.x.shape.length ? "reshape.flattened" : "reshape.reshaped") }),
  short: (op) => say(op.z.shape.length < op.in.x.shape.length ? "reshape.flat" : "reshape.short"),
  lines: (op, part) =>
    part.phase === "forward"
      ? [[`z = x.reshape(${op.z.shape.join(", ")})`, say("reshape.line.z")]]
      : [[`dx = dz.reshape(${op.in.x.shape.join(", ")})`, say("reshape.line.dx")]],
  draw(op, part, cell) {
    const flat = flatOf(op.z.shape, cell.z);
    const forward = part.phase === "forward";
    const long = op.z.shape.length === 2 && op.in.x.shape.length === 4;
    const row = (label, array, hue, extra) => {
      const fold = foldOf({ inputs: [{ label: "z", from: op }] }, "z", op.z.shape[1]);
      const go = (k) => sameCell(op, "z", [cell.z[0], k]);
      return figure({ name: label, hue: extra.result ? "" : hue, more: `1 × ${counted(op.z.shape[1])}` }, folded(fold, { get: (k) => at(array, [cell.z[0], k]), hue, top: topOfArray(array), chosen: cell.z[1], over: (k) => preview(op, go(k)), pick: (k) => pickOrFollow(op, go(k), label, [cell.z[0], k]), ...extra }));
    };
    const x = forward ? arrayFigure({ op, label: "x", array: op.in.x, index: cell.x, hue: "f", plain: true }) : arrayFigure({ op, label: "dx", array: op.d.x, index: cell.x, hue: "b", frame: "r", result: true, plain: true });
    const z = long ? (forward ? row("z", op.z, "f", { frame: "r", result: true }) : row("dz", op.dz, "b", {})) : forward ? arrayFigure({ op, label: "z", array: op.z, index: cell.z, hue: "f", frame: "r", result: true, plain: true }) : arrayFigure({ op, label: "dz", array: op.dz, index: cell.z, hue: "b", plain: true });
    const value = forward ? at(op.z, cell.z) : at(op.dz, cell.z);
    return make("div", { class: "row reshape" }, x,
      make("div", { class: "stack middle" },
        speech(placed(forward ? "x" : "dx", cell.x)),
        speech(sign(forward ? "▼" : "▲"), make("span", { class: "m" }, say("reshape.number", { k: counted(flat), n: counted(sizeOf(op.z.shape)) }))),
        speech(placed(forward ? "z" : "dz", cell.z)),
        speech("=", chip(short(value))),
        make("p", { class: "muted num" }, counting(op.in.x.shape, cell.x, flat))),
      z);
  },
  chain: (op, part, cell) =>
    op.d.x ? chainOf({ op, label: "x", x: cell.x, z: cell.z, local: 1, says: say("reshape.local"), note: nudgedNote(op, "x", cell.x) }) : null,
});

// How the place in a row of numbers is counted: 3 · 64 + 2 · 8 + 5 = 213.
function counting(shape, index, flat) {
  const steps = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const parts = index.map((i, axis) => (steps[axis] === 1 ? String(i) : `${i} · ${steps[axis]}`)).slice(shape[0] === 1 && shape.length > 1 ? 1 : 0);
  return `${parts.join(" + ")} = ${flat}`;
}
