// Choices: each output comes from one of two sources, and so does its gradient.

movedLesson({
  name: "where",
  ops: ["Where", "MaskedFill"],
  source: (op, z) => {
    const chosen = op.op === "Where" ? (at(op.in.c, unbroadcast(op.in.c.shape, z)) ? "x" : "y") : at(op.in.mask, unbroadcast(op.in.mask.shape, z)) ? "v" : "x";
    return op.in[chosen] ? { label: chosen, index: unbroadcast(op.in[chosen].shape, z) } : null;
  },
  aside: (op, cell) => {
    const name = op.op === "Where" ? "c" : "mask";
    const own = unbroadcast(op.in[name].shape, cell.z);
    return groupFigure({ op, label: name, array: op.in[name], index: own, hue: "k", frame: "k", member: (i) => sameIndex(i, own), still: true });
  },
  lines: (op, part) => {
    if (op.op === "Where") return part.phase === "forward" ? [["z = where(c, x, y)"]] : [[part.id === "dx" ? "dx = where(c, dz, 0)" : "dy = where(c, 0, dz)"]];
    return part.phase === "forward" ? [["z = where(mask, v, x)"]] : [[part.id === "dx" ? "dx = where(mask, 0, dz)" : "dv = sum(dz where mask)"]];
  },
});
