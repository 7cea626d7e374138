// Dropout: a mask of zeros and one scale. What was dropped gets nothing back; what was kept gets its gradient scaled.

lesson({
  name: "dropout",
  ops: ["Dropout"],
  holes: (op) => ({ p: `${Math.round(100 * op.options.p)} %`, scale: short(1 / (1 - op.options.p)) }),
  inks: { mask: "f", kept: "" },
  lines: (op, part) => (part.phase === "forward" ? [[`mask = kept / (1 - ${short(op.options.p)})`, say("dropout.line.mask")], ["z = x * mask"]] : [["dx = dz * mask", say("dropout.line.dx")]]),
  draw(op, part, cell) {
    const one = (label, array, hue, extra = {}) => groupFigure({ op, label, as: "z", array, index: cell.z, hue, member: (i) => sameIndex(i, cell.z), ...extra });
    const mask = one("mask", op.extra.mask, "f", { name: say("dropout.mask") });
    const forward = part.phase === "forward";
    const [first, last] = forward ? [one("x", op.in.x, "f"), one("z", op.z, "f", { result: true, frame: "r" })] : [one("dz", op.dz, "b"), one("dx", op.d.x, "b", { result: true, frame: "r" })];
    const numbers = forward ? [op.in.x, op.z] : [op.dz, op.d.x];
    const spoken = speech(ink(forward ? "f" : "b", short(at(numbers[0], cell.z))), "×", ink("f", short(at(op.extra.mask, cell.z))), "=", chip(short(at(numbers[1], cell.z))));
    return make("div", { class: "stack dropped" }, make("div", { class: "row" }, first, sign("×"), mask, sign("="), last), spoken);
  },
  chain: (op, part, cell) => (op.dz && op.d.x ? chainOf({ op, label: "x", x: cell.x, z: cell.z, local: at(op.extra.mask, cell.z), says: say("dropout.says"), note: nudgedNote(op, "x", cell.x) }) : null),
});
