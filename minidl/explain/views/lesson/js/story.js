// One cell's story: the chosen cell of every operation, so that neighbours speak of the same number.
//
// A cell of an operation is {z: index, x: index, w: index, ...}: an element of its output, and those elements of its
// inputs that matter most to it. `lesson.cell(op, label, index)` completes one from any of its places.

const CELLS = new Map(); // operation -> its cell

function cellOf(op) {
  return state.preview?.op === op ? state.preview.cell : CELLS.get(op);
}

// Choose a cell, and tell its story backwards to what it was made from and forwards to what it became.
function choose(op, cell) {
  const told = new Set();
  tellBack(op, cell, told);
  tellUses(op, cell, told);
}

function tellBack(op, cell, told) {
  if (told.has(op)) return;
  told.add(op);
  CELLS.set(op, cell);
  for (const input of op.inputs) {
    if (input.from && cell[input.label] && isInside(input.array.shape, cell[input.label]) && !told.has(input.from))
      tellBack(input.from, input.from.lesson.cell(input.from, "z", madeAt(input, cell[input.label])), told);
  }
}

function tellForward(op, label, index, told) {
  if (told.has(op)) return;
  told.add(op);
  const cell = op.lesson.cell(op, label, index);
  CELLS.set(op, cell);
  tellUses(op, cell, told);
}

function tellUses(op, cell, told) {
  for (const use of op.uses) {
    const index = usedAt(use, cell.z);
    if (index) tellForward(use.op, use.label, index, told);
  }
}

// Where z of the operation that made an input holds its element: one of several outputs is a part of it.
function madeAt(input, index) {
  const out = input.from.outs?.[input.place];
  return out ? [out.start + flatOf(out.shape, index)] : index;
}

// The other way: the index that an element of z has in one of its uses; null where that is of another output.
function usedAt({ op, input }, index) {
  const out = input.from.outs?.[input.place];
  if (!out) return index;
  const flat = index[0] - out.start;
  return flat >= 0 && flat < sizeOf(out.shape) ? indexOf(out.shape, flat) : null;
}

// The first story: from what was differentiated back along the largest shares, so that it ends at a pixel that matters.
function firstStory() {
  for (const op of OPS) CELLS.set(op, op.lesson.cell(op, "z", op.z.shape.map(() => 0)));
  const last = OPS.findLast((op) => op.dz && op.uses.every((use) => !use.op.dz));
  if (last) choose(last, last.lesson.start?.(last) ?? CELLS.get(last));
}

// Where a number came from: {screen, op, label, index} of the screen that computed it, or null.
//   traced(op, "dz", z)  the operation that sent this gradient      traced(op, "x", i)   the one that made x
//   traced(op, "dx", i)  where this gradient is sent
function traced(op, name, index) {
  if (name === "dz") {
    const [use, another] = sendersOf(op, index);
    if (!use) return null;
    if (another && here().part.id !== "dz") return { screen: screenOf(op, "dz"), op, cell: cellOf(op) };
    const cell = use.op.lesson.cell(use.op, use.label, usedAt(use, index));
    return { screen: screenOf(use.op, "d" + use.label), op: use.op, cell };
  }
  if (name === "z") {
    const use = op.uses.find((one) => usedAt(one, index));
    if (!use) return null;
    return { screen: screenOf(use.op, "z"), op: use.op, cell: use.op.lesson.cell(use.op, use.label, usedAt(use, index)) };
  }
  const gradient = name.startsWith("d") && name.slice(1) in op.in;
  const input = inputOf(op, gradient ? name.slice(1) : name);
  if (!input) return null;
  if (input.from) {
    const made = madeAt(input, index);
    const cell = input.from.lesson.cell(input.from, "z", made);
    const part = !gradient ? "z" : sendersOf(input.from, made).length > 1 ? "dz" : onward(input.from);
    return { screen: screenOf(input.from, part), op: input.from, cell };
  }
  if (GIVEN.update && GIVEN.update.leaves.includes(leafOf(input))) {
    return { screen: screenNamed("update"), weight: { leaf: leafOf(input), index } };
  }
  return { screen: screenNamed("overview") };
}

// The backward screen of an operation from which the gradient goes on: to another operation, else to the pixels. One
// that shows how the gradient arrives, and sends it to no input, comes first.
function onward(op) {
  const parts = op.lesson.parts(op).filter((part) => part.phase === "backward");
  if (parts[0] && !parts[0].label) return parts[0].id;
  const input = (part) => inputOf(op, part.label);
  const found = parts.find((part) => input(part)?.from) ?? parts.find((part) => !GIVEN.update?.leaves.includes(leafOf(input(part))));
  return (found ?? parts[0])?.id ?? "z";
}

// The uses of an operation's output that sent a gradient back; where there are several, dz is their sum. With the
// index of an element: those that used it, which differ only where there are several outputs.
const sendersOf = (op, index = null) => op.uses.filter((use) => use.op.dz && use.op.d[use.label] && (!index || usedAt(use, index)));
const isShared = (op) => (op.outs ?? [null]).some((_, place) => sendersOf(op).filter((use) => use.input.place === place).length > 1);

function leafOf(input) {
  return TAPE.leaves.findIndex((leaf) => leaf.name === input.leaf && leaf.value === input.value);
}

function follow(target) {
  if (target.op) choose(target.op, target.cell);
  if (target.weight) state.weight = target.weight;
  goTo(target.screen);
}
