// Embedding: an integer picks a row of a table. Backward adds each gradient to the row it was read from.

movedLesson({
  name: "embedding",
  ops: ["Embedding"],
  source: (op, z) => ({ label: "w", index: [at(op.in.i, z.slice(0, -1)), z.at(-1)] }),
  cell: (op, label, index) => (label === "ids" ? movedCell(op, "z", [...indexOf(op.in.i.shape, index[0]), 0]) : movedCell(op, label, index)),
  beside: (op, z) => ({ i: z.slice(0, -1) }),
  lines: (op, part) => (part.phase === "forward" ? [["z = w[i]", say("embedding.line.z")]] : [["dw = zeros_like(w)"], ["for row, d in zip(i, dz):"], ["  dw[row] += d", say("embedding.line.add")]]),
  draw(op, part, cell) {
    const row = at(op.in.i, cell.i ?? cell.z.slice(0, -1));
    const forward = part.phase === "forward";
    const target = cell.w[0];
    const users = [...placesOf(op.in.i.shape)].filter((i) => at(op.in.i, i) === (forward ? row : target));
    const inRow = (w) => w[0] === (forward ? row : target);
    const table_ = groupFigure({ op, label: forward ? "w" : "dw", as: "w", array: forward ? op.in.w : op.d.w, index: cell.w, hue: forward ? "f" : "b", result: !forward, frame: forward ? "f" : "r", member: inRow, name: forward ? say("embedding.table") : "dw" });
    const own = (z) => (forward ? sameIndex(z.slice(0, -1), cell.z.slice(0, -1)) : users.some((i) => sameIndex(i, z.slice(0, -1))));
    const rows = groupFigure({ op, label: forward ? "z" : "dz", as: "z", array: forward ? op.z : op.dz, index: cell.z, hue: forward ? "f" : "b", result: forward, frame: forward ? "r" : "b", member: own });
    const ids = groupFigure({ op, label: "i", as: "ids", name: say("embedding.ids"), array: column(op.in.i), index: [flatOf(op.in.i.shape, cell.z.slice(0, -1)), 0], hue: "k", frame: "k", member: ([k]) => users.some((i) => flatOf(op.in.i.shape, i) === k) && (!forward || k === flatOf(op.in.i.shape, cell.z.slice(0, -1))) });
    const speech_ = movedSpeech(op, part, cell, { label: "w" });
    return forward ? make("div", { class: "row moved" }, ids, table_, speech_, rows) : make("div", { class: "row moved" }, table_, speech_, ids, rows);
  },
});

// An array of any shape as one column.
const column = (array) => ({ ...array, shape: [sizeOf(array.shape), 1], block: [[0, sizeOf(array.shape)], [0, 1]] });
