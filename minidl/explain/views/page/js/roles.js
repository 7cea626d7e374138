// Which value plays which part in an operation, so that the sum behind one of its cells can be spelled.

// The part (z, dx, dw, db) that a recorded value plays on this line, or null.
function roleOf(step, held) {
  const node = nodeOf(step);
  if (!SUMS[node.op]) return null;
  if (step.phase === "forward") return held === node.output ? "z" : null;
  const returned = returnedBy(node.id, "backward") ?? [];
  const parts = ["dx", "dw", "db"];
  const k = returned.indexOf(held);
  return k >= 0 && SUMS[node.op][parts[k]] ? parts[k] : null;
}

function returnedBy(node, phase) {
  const last = SPANS[phase].get(node)?.last;
  return last === undefined ? null : STEPS[last].returned;
}

// The gradient that an operation's backward was given: its argument, as its own first line has it.
function gradientOf(node) {
  const span = SPANS.backward.get(node);
  if (!span) return null;
  const own = TAPE.nodes[node].backward_source;
  const step = STEPS.slice(span.first, span.last + 1).find((other) => other.source === own);
  const held = step?.locals.find(([name]) => name === "dz")?.[1];
  return typeof held === "number" ? held : null;
}

// The arrays of an operation, by the names of its formula: {x, w, b, dz} as places among the values.
function partsOf(node) {
  const held = node.inputs.map((input) => input.value);
  const pooling = node.window?.kind === "pool";
  return { x: held[0], w: pooling ? null : held[1], b: pooling ? null : (held[2] ?? null), dz: gradientOf(node.id) };
}

// The sum behind one cell, or null where this value is not made by one.
function sumBehind(step, held, index) {
  const role = roleOf(step, held);
  if (role === null) return null;
  const node = nodeOf(step);
  const places = partsOf(node);
  const arrays = Object.fromEntries(
    Object.entries(places).map(([name, place]) => [name, place === null ? null : VALUES[place]]),
  );
  if (role !== "z" && !arrays.dz) return null;
  const { window, options } = node;
  const sum = SUMS[node.op][role](
    { ...arrays, window, groups: options?.groups ?? 1, divisor: options?.divisor },
    index,
    at,
  );
  return {
    ...sum,
    role,
    recorded: at(VALUES[held], index),
    partnerPlace: places[sum.partner],
    names: factorNames(node, role),
  };
}

// What the two factors of a product are called, in the order (a, b).
function factorNames(node, role) {
  if (node.window?.kind === "pool") return role === "z" ? ["x", null] : ["dz", null];
  return { z: ["w", "x"], dx: ["w", "dz"], dw: node.op === "Linear" ? ["x", "dz"] : ["dz", "x"], db: ["dz", null] }[
    role
  ];
}

// Whether the recorded number is this sum up to the rounding of its dtype.
function agrees(sum) {
  if (sum.total === undefined || sum.recorded === undefined) return null;
  if (Object.is(sum.total, sum.recorded) || (Number.isNaN(sum.total) && Number.isNaN(sum.recorded))) return true;
  const size = sum.terms.reduce((total, term) => total + Math.abs(term.product), Math.abs(sum.start ?? 0));
  return Math.abs(sum.total - sum.recorded) <= 1e-5 * size + 1e-30;
}
