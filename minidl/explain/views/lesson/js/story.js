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
  for (const use of op.uses) tellForward(use.op, use.label, cell.z, told);
}

function tellBack(op, cell, told) {
  if (told.has(op)) return;
  told.add(op);
  CELLS.set(op, cell);
  for (const input of op.inputs) {
    if (input.from && cell[input.label] && !told.has(input.from))
      tellBack(input.from, input.from.lesson.cell(input.from, "z", cell[input.label]), told);
  }
}

function tellForward(op, label, index, told) {
  if (told.has(op)) return;
  told.add(op);
  const cell = op.lesson.cell(op, label, index);
  CELLS.set(op, cell);
  for (const use of op.uses) tellForward(use.op, use.label, cell.z, told);
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
    const [use, another] = sendersOf(op);
    if (!use) return null;
    if (another && here().part.id !== "dz") return { screen: screenOf(op, "dz"), op, cell: cellOf(op) };
    const cell = use.op.lesson.cell(use.op, use.label, index);
    return { screen: screenOf(use.op, "d" + use.label), op: use.op, cell };
  }
  if (name === "z") {
    const use = op.uses[0];
    if (!use) return null;
    return { screen: screenOf(use.op, "z"), op: use.op, cell: use.op.lesson.cell(use.op, use.label, index) };
  }
  const gradient = name.startsWith("d") && name.slice(1) in op.in;
  const input = inputOf(op, gradient ? name.slice(1) : name);
  if (!input) return null;
  if (input.from) {
    const cell = input.from.lesson.cell(input.from, "z", index);
    const part = !gradient ? "z" : sendersOf(input.from).length > 1 ? "dz" : onward(input.from);
    return { screen: screenOf(input.from, part), op: input.from, cell };
  }
  if (GIVEN.update && GIVEN.update.leaves.includes(leafOf(input))) {
    return { screen: screenNamed("update"), weight: { leaf: leafOf(input), index } };
  }
  return { screen: screenNamed("overview") };
}

// The backward screen of an operation from which the gradient goes on: to another operation, else to the pixels.
function onward(op) {
  const parts = op.lesson.parts(op).filter((part) => part.phase === "backward");
  const input = (part) => inputOf(op, part.label);
  const found = parts.find((part) => input(part)?.from) ?? parts.find((part) => !GIVEN.update?.leaves.includes(leafOf(input(part))));
  return (found ?? parts[0])?.id ?? "z";
}

// The uses of an operation's output that sent a gradient back; where there are several, dz is their sum.
const sendersOf = (op) => op.uses.filter((use) => use.op.dz && use.op.d[use.label]);

function leafOf(input) {
  return TAPE.leaves.findIndex((leaf) => leaf.name === input.leaf && leaf.value === input.value);
}

function follow(target) {
  if (!target?.screen) return;
  if (target.op) choose(target.op, target.cell);
  if (target.weight) state.weight = target.weight;
  goTo(target.screen);
}
