// Put together, padded: each input gets back the part of the gradient where it lies.

const partStart = (op, k) => op.inputs.slice(0, k).reduce((sum, { array }) => sum + lengthIn(op, array), 0);
const lengthIn = (op, array) => (array.shape.length === 1 && array.shape[0] === 0 ? 0 : array.shape[op.options.dim]);

movedLesson({
  name: "join",
  ops: ["Cat"],
  source: (op, z) => {
    const { dim } = op.options;
    let start = 0;
    for (const { label, array } of op.inputs) {
      const length = lengthIn(op, array);
      if (z[dim] < start + length) return { label, index: z.map((i, axis) => (axis === dim ? i - start : i)) };
      start += length;
    }
    return null;
  },
  lines: (op, part) => {
    const { dim } = op.options;
    const names = op.inputs.map((input) => input.label);
    if (part.phase === "forward") return [[`z = cat([${names.length > 3 ? `${names[0]}, …, ${names.at(-1)}` : names.join(", ")}], dim=${dim})`]];
    const k = names.indexOf(part.label);
    const [from, to] = [partStart(op, k), partStart(op, k + 1)];
    return [[`d${part.label} = dz[${":, ".repeat(dim)}${from}:${to}]`, say("join.line.dx")]];
  },
});

movedLesson({
  name: "pad",
  ops: ["Pad"],
  source: (op, z) => {
    const index = z.map((i, axis) => i - op.options.widths[axis][0]);
    return index.every((i, axis) => i >= 0 && i < op.in.x.shape[axis]) ? { label: "x", index } : null;
  },
  lines: (op, part) => {
    const inside = op.options.widths.map(([before], axis) => (sizeOf(op.z.shape) && op.z.shape[axis] === op.in.x.shape[axis] ? ":" : `${before}:${before + op.in.x.shape[axis]}`)).join(", ");
    return part.phase === "forward" ? [[`z = full(${op.options.value})`, say("pad.line.full")], [`z[${inside}] = x`]] : [[`dx = dz[${inside}]`, say("pad.line.dx")]];
  },
});
