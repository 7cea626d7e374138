// Bricks: operations that only move numbers. Every element of the output was read from one place of one input (or is
// a constant); backward adds each gradient up where its number was read.

// movedLesson({name, ops, source, lines, ...}): source(op, z) is {label, index}, or null for a constant.
function movedLesson({ source, ...given }) {
  lesson({
    holes: (op, part, n = part?.label ? readersOf(op, part.label, cellOf(op)[part.label] ?? []).length : 1) => ({ name: op.op, n }),
    cell: (op, label, index) => movedCell(op, label, index),
    draw: (op, part, cell) => movedPicture(op, part, cell),
    chain: (op, part, cell) => movedChain(op, part, cell),
    ...given,
    source,
  });
}

// Where each element of the output was read, once per operation: {label, flat} or null, by the place of the output.
function readingOf(op) {
  op.reading ??= Array.from(placesOf(op.z.shape), (z) => {
    const found = op.lesson.source(op, z);
    return found && found.index ? { label: found.label, flat: flatOf(op.in[found.label].shape, found.index) } : null;
  });
  return op.reading;
}

// The places of the output that read an element of an input.
function readersOf(op, label, index) {
  if (!op.in[label]) return [];
  op.readers ??= {};
  op.readers[label] ??= byPlace(op, label);
  return op.readers[label].get(flatOf(op.in[label].shape, index)) ?? [];
}

function byPlace(op, label) {
  const found = new Map();
  readingOf(op).forEach((one, flat) => {
    if (one?.label !== label) return;
    if (!found.has(one.flat)) found.set(one.flat, []);
    found.get(one.flat).push(indexOf(op.z.shape, flat));
  });
  return found;
}

function movedCell(op, label, index) {
  const z = label === "z" ? index : (readersOf(op, label, index)[0] ?? null);
  const shown = z ?? op.z.shape.map(() => 0);
  const read = sizeOf(op.z.shape) ? readingOf(op)[flatOf(op.z.shape, shown)] : null;
  const cell = Object.fromEntries(op.inputs.filter((input) => input.array).map((input) => [input.label, firstRead(op, input)]));
  if (read) cell[read.label] = indexOf(op.in[read.label].shape, read.flat);
  return { ...cell, ...(op.lesson.beside?.(op, shown) ?? {}), z: shown, ...(label === "z" ? {} : { [label]: index }) };
}

// A place of an input that was read, for cells that read another input.
function firstRead(op, { label, array }) {
  const one = readingOf(op).find((read) => read?.label === label);
  return one ? indexOf(array.shape, one.flat) : array.shape.map(() => 0);
}

function movedPicture(op, part, cell) {
  const forward = part.phase === "forward";
  const read = readingOf(op)[flatOf(op.z.shape, cell.z)];
  if (forward) {
    const sources = op.inputs.filter((input) => input.array?.shape && isFloating(input.array));
    const first = sources.findIndex((input) => input.label === read?.label);
    const shown = sources.length > 2 ? sources.slice(Math.max(0, Math.min(first, sources.length - 2))).slice(0, 2) : sources;
    const figures = shown.map(({ label, array }) => sourceFigure(op, label, array, cell, read?.label === label));
    const sides = [op.lesson.aside?.(op, cell), make("div", { class: "stack" }, ...figures)].filter(Boolean);
    return styled(make("div", { class: "row moved" }, make("div", { class: "beside" }, ...sides), movedSpeech(op, part, cell, read), targetFigure(op, cell, "z", op.z, "f", true, read)), { "--sources": figures.length });
  }
  const { label } = part;
  return make("div", { class: "row moved" }, gradientFigure(op, label, cell), movedSpeech(op, part, cell, read), targetFigure(op, cell, "dz", op.dz, "b", false, { label }));
}

const isFloating = (array) => array.dtype.startsWith("float");

// An input: the chosen cell ringed where it was read, and a frame around all that was read.
function sourceFigure(op, label, array, cell, here_) {
  const taken = new Set(readingOf(op).filter((one) => one?.label === label).map((one) => one.flat));
  const all = taken.size === sizeOf(array.shape);
  return groupFigure({ op, label, array, index: cell[label], member: (i) => here_ && sameIndex(i, cell[label]), block: all ? null : (i) => taken.has(flatOf(array.shape, i)) });
}

// The output: what came from the same input is framed, where there are several.
function targetFigure(op, cell, label, array, hue, result, read) {
  const reading = readingOf(op);
  const own = (i) => reading[flatOf(array.shape, i)]?.label === read?.label;
  const whole = reading.every((one) => one?.label === read?.label);
  const users = label === "dz" ? readersOf(op, read.label, cell[read.label]) : [cell.z];
  return groupFigure({ op, label, as: "z", array, index: users[0] ?? cell.z, hue, result, frame: result ? "r" : hue, member: (i) => users.some((one) => sameIndex(one, i)), block: whole || !read ? null : own });
}

function gradientFigure(op, label, cell) {
  return groupFigure({ op, label: "d" + label, as: label, array: op.d[label], index: cell[label], hue: "b", result: true, frame: "r", member: (i) => sameIndex(i, cell[label]) });
}

// "x[0, 2] ▶ z[1]", and backwards what is added up, or that nobody read it.
function movedSpeech(op, part, cell, read) {
  if (part.phase === "forward") {
    const from = read ? [make("small", {}, placed(read.label, cell[read.label])), ink("f", short(at(op.in[read.label], cell[read.label])))] : [make("small", {}, say("moved.constant"))];
    return make("div", { class: "middle" }, make("p", { class: "say num way" }, ...from, make("span", { class: "op" }, "▶"), make("small", {}, placed("z", cell.z)), chip(short(at(op.z, cell.z)))));
  }
  const users = readersOf(op, part.label, cell[part.label]);
  const shares = users.map((z) => at(op.dz, z));
  const sum = users.length ? [sumText(shares, "b", 3)] : [make("small", {}, say("moved.unread"))];
  const where = users.length === 1 ? placed("dz", users[0]) : users.length ? say("moved.read", { n: users.length }) : "";
  return make("div", { class: "middle" }, make("p", { class: "say num way b" }, make("small", {}, where), ...sum, make("span", { class: "op" }, "◀"), make("small", {}, placed(part.id, cell[part.label])), chip(short(at(op.d[part.label], cell[part.label])))));
}

function movedChain(op, part, cell) {
  const label = part.label ?? readingOf(op)[flatOf(op.z.shape, cell.z)]?.label;
  if (!op.dz || !label || !op.d[label]) return null;
  const users = readersOf(op, label, cell[label]);
  const name = label.replace(/[[\]]/g, "");
  if (!users.length) return { sign: "=", terms: [term(["L"], [name, trimmed(cell[label])], 0, say("app.handed", { name: "d" + name }), "r")], note: say("moved.unread") };
  const share = users.length > 1;
  const note = [share ? say("pairs.note", { n: users.length, name: "d" + name, sum: short(at(op.d[label], cell[label])) }) : "", " ", nudgedNote(op, label, cell[label])];
  return { ...chainOf({ op, label, letterOf: name, x: cell[label], z: users[0], local: 1, says: say("moved.slope"), share, note }) };
}

// The basic index of a slice as it was written: integers, slices, None and Ellipsis, as [{kind, ...}].
function basicIndex(list) {
  return list.filter((part) => part !== "Ellipsis").map((part) => {
    if (part === null) return { kind: "new" };
    if (typeof part === "number") return { kind: "one", at: part };
    const [start, , step] = part.slice(6, -1).split(", ").map((text) => (text === "None" ? null : Number(text)));
    return { kind: "range", start: start ?? 0, step: step ?? 1 };
  });
}

// From an index of the view to one of what it views.
function throughBasic(list, shape, index) {
  const found = [];
  let own = 0;
  for (const part of basicIndex(list)) {
    if (part.kind === "new") own++;
    else if (part.kind === "one") found.push(part.at < 0 ? part.at + shape[found.length] : part.at);
    else found.push((part.start < 0 ? part.start + shape[found.length] : part.start) + part.step * index[own++]);
  }
  return [...found, ...index.slice(own)];
}

// From an index of x[i, j, ...] to one of x: index arrays (or null for all of a dimension), broadcast together.
function throughArrays(arrays, index) {
  const given = arrays.filter(Boolean);
  if (!given.length) return index;
  const rank = Math.max(...given.map((array) => array.shape.length));
  const places = arrays.flatMap((array, dim) => (array ? [dim] : []));
  const together = places.at(-1) - places[0] === places.length - 1;
  const start = together ? places[0] : 0;
  const common = index.slice(start, start + rank);
  const rest = [...index.slice(0, start), ...index.slice(start + rank)];
  return [...arrays.map((array) => (array ? at(array, unbroadcast(array.shape, common)) : rest.shift())), ...rest];
}

const fromTheFront = (shape, index) => index.map((i, axis) => (i < 0 ? i + shape[axis] : i));

// The index arrays among an operation's inputs, from the k-th on.
const arraysFrom = (op, k) => op.inputs.slice(k).map((input) => input.array);
