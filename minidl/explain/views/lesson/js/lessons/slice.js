// A part of an array: the gradient lands where the part was read, and is 0 everywhere else.

const sliceText = (parts) =>
  parts.filter((part) => part !== "Ellipsis").map((part) => {
    if (typeof part !== "string") return String(part ?? "None");
    const [start, stop, step] = part.slice(6, -1).split(", ");
    const shown = (text) => (text === "None" ? "" : text);
    return `${shown(start) === "0" ? "" : shown(start)}:${shown(stop)}${step === "None" || step === "1" ? "" : `:${step}`}`;
  }).join(", ");

movedLesson({
  name: "slice",
  ops: ["Slice"],
  source: (op, z) => ({ label: "x", index: throughBasic(op.options.index, op.in.x.shape, z) }),
  lines: (op, part) => {
    const index = sliceText(op.options.index);
    return part.phase === "forward" ? [[`z = x[${index}]`]] : [["dx = zeros_like(x)", say("slice.line.zeros")], [`dx[${index}] = dz`]];
  },
});

movedLesson({
  name: "diagonal",
  ops: ["Diagonal", "Triangle"],
  source: (op, z) => {
    if (op.op === "Triangle") {
      const [i, j] = z.slice(-2);
      return (op.options.upper ? j - i >= op.options.diagonal : j - i <= op.options.diagonal) ? { label: "x", index: z } : null;
    }
    const { offset, dim1, dim2 } = op.options;
    const index = [];
    index[dim1] = z.at(-1) + Math.max(-offset, 0);
    index[dim2] = z.at(-1) + Math.max(offset, 0);
    const rest = z.slice(0, -1);
    for (let axis = 0; axis < op.in.x.shape.length; axis++) index[axis] ??= rest.shift();
    return { label: "x", index };
  },
  lines: (op, part) => {
    const kept = op.op === "Triangle" ? `${op.options.upper ? "triu" : "tril"}(NAME, ${op.options.diagonal})` : "diagonal(NAME)";
    if (part.phase === "forward") return [[`z = ${kept.replace("NAME", "x")}`]];
    return op.op === "Triangle" ? [[`dx = ${kept.replace("NAME", "dz")}`]] : [["dx = zeros_like(x)"], ["diagonal(dx)[...] = dz"]];
  },
});
