// Dimensions in another order, rows read backwards or shifted: every number moves, none changes.

movedLesson({
  name: "permute",
  ops: ["Permute"],
  source: (op, z) => {
    const index = [];
    op.options.dims.forEach((dim, k) => (index[dim] = z[k]));
    return { label: "x", index };
  },
  lines: (op, part) => {
    const { dims } = op.options;
    const back = dims.map((_, k) => dims.indexOf(k));
    return part.phase === "forward" ? [[`z  = x.permute(${dims.join(", ")})`]] : [[`dx = dz.permute(${back.join(", ")})`, say("permute.line.dx")]];
  },
});

movedLesson({
  name: "flip",
  ops: ["Flip"],
  source: (op, z) => ({ label: "x", index: z.map((i, axis) => (op.options.dims.includes(axis) ? op.z.shape[axis] - 1 - i : i)) }),
  lines: (op, part) => (part.phase === "forward" ? [[`z  = flip(x, ${op.options.dims})`]] : [[`dx = flip(dz, ${op.options.dims})`]]),
});

movedLesson({
  name: "roll",
  ops: ["Roll"],
  source: (op, z) => {
    const { shape } = op.z;
    const [shifts, dims] = [[op.options.shifts].flat(), op.options.dims === null ? null : [op.options.dims].flat()];
    const around = (i, n) => ((i % n) + n) % n;
    if (!dims) return { label: "x", index: indexOf(shape, around(flatOf(shape, z) - shifts[0], sizeOf(shape))) };
    return { label: "x", index: dims.reduce((index, dim, k) => index.map((i, axis) => (axis === dim ? around(i - shifts[k], shape[axis]) : i)), z) };
  },
  lines: (op, part) => (part.phase === "forward" ? [[`z  = roll(x, ${op.options.shifts})`]] : [[`dx = roll(dz, -(${op.options.shifts}))`]]),
});
