// Writing into a part: x[i] = v makes a new array; what was overwritten gets no gradient, what was written gets it.

movedLesson({
  name: "write",
  ops: ["Put", "Scatter"],
  source: (op, z) => {
    const found = writtenAt(op).get(flatOf(op.z.shape, z));
    if (found === undefined) return { label: "x", index: z };
    const label = op.op === "Put" ? "v" : "s";
    return op.in[label] ? { label, index: found } : null;
  },
  lines: (op, part) => {
    const index = op.op === "Put" && !arraysFrom(op, 2).some(Boolean) ? sliceText(op.options.basic) : "i";
    const name = op.op === "Put" ? "v" : "s";
    if (part.phase === "forward") return [["z = copy(x)"], [`z[${index}] = ${name}`, say("write.line.write")]];
    return part.id === "dx" ? [["dx = copy(dz)"], [`dx[${index}] = 0`, say("write.line.zero")]] : [[`d${name} = dz[${index}]`]];
  },
});

// Which places were written, and by which element of the source: flat place of the output -> index of v.
function writtenAt(op) {
  if (op.written) return op.written;
  op.written = new Map();
  if (op.op === "Scatter") {
    const places = op.in.index;
    for (const i of placesOf(places.shape)) op.written.set(flatOf(op.z.shape, i.map((k, axis) => (axis === op.options.dim ? at(places, i) : k))), op.in.s ? unbroadcast(op.in.s.shape, i) : []);
    return op.written;
  }
  const arrays = arraysFrom(op, 2);
  for (const i of placesOf(takenShape(viewShape(op.options.basic, op.z.shape), arrays))) {
    const place = throughBasic(op.options.basic, op.z.shape, fromTheFront(viewShape(op.options.basic, op.z.shape), throughArrays(arrays, i)));
    op.written.set(flatOf(op.z.shape, place), op.in.v ? unbroadcast(op.in.v.shape, i) : []);
  }
  return op.written;
}

// The shape of x[basic].
function viewShape(list, shape) {
  const found = [];
  let dim = 0;
  const texts = list.filter((part) => part !== "Ellipsis");
  for (const part of texts) {
    if (part === null) found.push(1);
    else if (typeof part === "number") dim++;
    else {
      const [start, stop, step] = part.slice(6, -1).split(", ").map((text) => (text === "None" ? null : Number(text)));
      const [from, to] = [start ?? 0, Math.min(stop ?? shape[dim], shape[dim])];
      found.push(Math.max(0, Math.ceil((to - from) / (step ?? 1))));
      dim++;
    }
  }
  return [...found, ...shape.slice(dim)];
}

// The shape that index arrays take from a view.
function takenShape(shape, arrays) {
  const given = arrays.filter(Boolean);
  if (!given.length) return shape;
  const rank = Math.max(...given.map((array) => array.shape.length));
  const common = Array.from({ length: rank }, (_, k) => Math.max(...given.map(({ shape: own }) => own[own.length - rank + k] ?? 1)));
  const places = arrays.flatMap((array, dim) => (array ? [dim] : []));
  const rest = shape.filter((_, dim) => !arrays[dim]);
  const start = places.at(-1) - places[0] === places.length - 1 ? places[0] : 0;
  return [...rest.slice(0, start), ...common, ...rest.slice(start)];
}
