// Functions of one number: the curve with the chosen point and its slope, and the numbers around it on both sides.

const CURVE = {
  name: "curve",
  fits: (op) => op.taught && op.curve !== null,
  slug: (op) => op.op.toLowerCase(),
  holes: (op) => ({ name: op.op }),
  short: (op) => op.op,
  lines(op, part) {
    const [value, slope] = [inLanguage(op.plain), inLanguage(op.plainDerivative)];
    return part.phase === "forward" ? [[value]] : [[slope, "", "forward"], ["dx = dz · ∂z/∂x", say("curve.line.dx")]];
  },
  draw(op, part, cell) {
    const near = isSmall(op.z, cell.z) ? undefined : 3;
    const frames = near ? [{ ...rowAndColumn(cutOut(planeOf(op.z, cell.z), near).first), rows: 3, columns: 3 }] : [];
    const side = (label, array, index, hue, extra) => arrayFigure({ op, label, array, index, hue, near, ...extra });
    const map_ = near ? arrayFigure({ op, label: "x", array: op.in.x, index: cell.x, plain: true, frames, name: "x", of: "edge" }) : null;
    const forward = part.phase === "forward";
    const slope = at(op.slope, cell.x);
    const before = filled(make("div", { class: "stack" }), side("x", op.in.x, cell.x, "f"), forward ? "" : side("dx", op.d.x, cell.x, "b", { result: true, frame: "r" }));
    const after = filled(make("div", { class: "stack" }), side("z", op.z, cell.z, "f", { result: forward, frame: forward ? "r" : "f" }), forward ? "" : side("dz", op.dz, cell.z, "b"));
    const plot = filled(
      make("div", { class: "middle" }),
      curvePlot({ ...rowsOfCurve(op), x: at(op.in.x, cell.x), z: at(op.z, cell.z), slope, formula: inLanguage(op.plain).split(/ {3}|, (?![^()]*\))/)[0] }),
      forward
        ? speech("x", ink("f", short(at(op.in.x, cell.x))), "→ z", chip(short(at(op.z, cell.z))))
        : speech(ink("b", short(at(op.dz, cell.z))), "×", ink("f", short(slope)), "=", chip(short(at(op.d.x, cell.x)))),
    );
    return make("div", { class: `row curve ${forward ? "one" : "two"}` }, map_ && make("div", { class: "stack" }, map_, legend()), before, plot, after);
  },
  chain(op, part, cell) {
    if (!op.dz || !op.d.x) return null;
    const slope = at(op.slope, cell.x);
    return chainOf({ op, label: "x", x: cell.x, z: cell.z, local: slope, says: say("curve.slope"), note: nudgedNote(op, "x", cell.x) });
  },
};

const rowAndColumn = ([row, column]) => ({ row, column });

function rowsOfCurve(op) {
  const n = op.curve.shape[1];
  const row = (k) => Array.from(op.curve.numbers.slice(k * n, (k + 1) * n));
  return { xs: row(0), zs: row(1) };
}

lesson(CURVE);
