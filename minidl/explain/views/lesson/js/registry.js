// The lessons. One file in js/lessons and one in words make a lesson; README.md says how.

const LESSONS = [];

// lesson({name, ops, ...}): what is left out has a sensible value.
function lesson(definition) {
  LESSONS.push({
    ops: [],
    fits: () => false, // for lessons of a family: whether an operation belongs to it
    parts: (op) => [{ id: "z", phase: "forward" }, ...gradientsOf(op)],
    lines: () => [],
    cell: sameCell,
    letters: {}, // what an input is called here, where that is not its label
    ...definition,
  });
}

// One backward part per input that received a gradient: dx, dw, ...
function gradientsOf(op) {
  return op.inputs.filter((input) => input.grad).map(({ label }) => ({ id: "d" + label, phase: "backward", label }));
}

// The cell of an elementwise operation: the same place everywhere, as far as shapes allow.
function sameCell(op, label, index) {
  const shape = op.z.shape;
  let z = index;
  if (label !== "z") {
    const own = op.in[label].shape;
    if (sizeOf(own) === sizeOf(shape)) z = indexOf(shape, flatOf(own, index));
    else z = [...shape.slice(0, shape.length - own.length).fill(0), ...index].slice(-shape.length);
    if (z.length !== shape.length || z.some((i, axis) => i >= shape[axis])) z = shape.map(() => 0);
  }
  const cell = { z };
  for (const input of op.inputs) {
    if (!input.array) continue;
    const own = input.array.shape;
    if (own.length <= shape.length && own.every((n, axis) => n === 1 || n === shape[shape.length - own.length + axis]))
      cell[input.label] = unbroadcast(own, z);
    else if (sizeOf(own) === sizeOf(shape)) cell[input.label] = indexOf(own, flatOf(shape, z));
    else cell[input.label] = own.map(() => 0);
  }
  if (label !== "z") cell[label] = index;
  return cell;
}

// Give every operation its lesson and its name on the page: conv1, conv2, relu1, ...
function assignLessons() {
  const count = {};
  for (const op of OPS) {
    const own = op.taught ? LESSONS.find((one) => one.ops.includes(op.op) && one.fits !== false) : null;
    op.lesson =
      own ?? LESSONS.find((one) => one.fits(op)) ?? LESSONS.find((one) => one.name === "general");
    const base = op.lesson.slug?.(op) ?? op.lesson.name;
    count[base] = (count[base] ?? 0) + 1;
    op.base = base;
    op.count = count[base];
    op.slug = base + count[base];
  }
  for (const op of OPS) op.alone = count[op.base] === 1;
}

const shortName = (op) => op.lesson.short?.(op) ?? (sayAny([`${op.lesson.name}.short`]) || op.op);
