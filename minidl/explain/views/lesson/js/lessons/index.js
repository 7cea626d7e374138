// Elements picked by a list of places: the gradient lands where each was read; a place read twice gets the sum.

const alongDim = (op, places, z) => ({ label: "x", index: fromTheFront(op.in.x.shape, z.map((i, axis) => (axis === op.options.dim ? at(places, z) : i))) });

movedLesson({
  name: "index",
  ops: ["Take", "IndexSelect", "Gather", "TakeAlong"],
  source: (op, z) => {
    const { x } = op.in;
    if (op.op === "Take") return { label: "x", index: fromTheFront(x.shape, throughArrays(arraysFrom(op, 1), z)) };
    if (!x.shape.length) return { label: "x", index: [] };
    if (op.op === "IndexSelect") return { label: "x", index: z.map((i, axis) => (axis === op.options.dim ? at(op.in.i, [i]) : i)) };
    return alongDim(op, op.in[op.op === "Gather" ? "index" : "places"], z);
  },
  aside: (op, cell) => {
    const places = op.inputs.slice(1).find((input) => input.array);
    if (!places) return null;
    const { array, label } = places;
    const rank = array.shape.length;
    const own = sizeOf(array.shape) === sizeOf(op.z.shape) || op.op === "Gather" || op.op === "TakeAlong" ? unbroadcast(array.shape, cell.z) : cell.z.slice(op.options.dim ?? 0).slice(0, rank);
    return groupFigure({ op, label, name: say("index.places"), array, index: array.shape.map((_, axis) => own[axis] ?? 0), hue: "k", frame: "k", member: (i) => sameIndex(i, own), still: true });
  },
  lines: (op, part) => {
    const read = { Take: "x[i]", IndexSelect: "x[i]", Gather: "gather(x, i)", TakeAlong: "gather(x, i)" }[op.op];
    return part.phase === "forward" ? [[`z = ${read}`]] : [["dx = zeros_like(x)"], ["for place, d in zip(i, dz):"], ["  dx[place] += d", say("index.line.add")]];
  },
});
