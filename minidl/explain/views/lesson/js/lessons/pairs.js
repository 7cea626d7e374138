// Bricks: operations on pairs of numbers, such as x + y. The chosen pair runs along wires; an operand that was
// broadcast gets a picture of the shares that are added up for it.

// The number of an operand at a cell: of its array, or the number it is.
function operand(op, label, cell) {
  const input = inputOf(op, label);
  return input.array ? at(input.array, cell[label]) : input.number;
}

// A lesson of operands and one output at the same place. `given`: {name, ops, symbol, lines, slopes}
//   slopes   {x: (value, op, cell) => ∂z/∂x}: value(label) is the operand, value("z") the output
//   says     {x: words} of the local slope, by label     factors  {x: label}: the operand that it is
//   curve    (value, op) => {f, formula, from, to, target}: z as a function of x alone, drawn in place of the wires
function pairLesson({ slopes, symbol = "·", says = {}, factors = {}, lines, curve = () => null, ...given }) {
  const labelsOf = (op) => op.inputs.map((input) => input.label).filter((label) => label in slopes);
  const slopeOf = (op, label, cell) => slopes[label]((name) => (name === "z" ? at(op.z, cell.z) : operand(op, name, cell)), op, cell);
  const symbolOf = (op) => (typeof symbol === "function" ? symbol(op) : symbol);
  lesson({
    ...given,
    lines: (op, part) => pairLines(op, part, lines(op)),
    holes: (op, part) => {
      const n = part?.label ? sharesOf(op, part.label) : 1;
      return { ...(given.holes?.(op, part) ?? {}), shares: n > 1 ? say("pairs.idea", { n: counted(n) }) : "" };
    },
    draw(op, part, cell) {
      const inputs = labelsOf(op).map((label) => ({
        name: label,
        value: operand(op, label, cell),
        local: slopeOf(op, label, cell),
        grad: op.d[label] ? at(op.d[label], cell[label]) : undefined,
        constant: !op.d[label],
      }));
      if (part.label && sharesOf(op, part.label) > 1) return sharesPicture(op, part, cell, (z) => at(op.dz, z) * slopeOf(op, part.label, sameCell(op, "z", z)));
      const plotted = part.label === "x" || !part.label ? curve((name) => operand(op, name, cell), op) : null;
      const wired = plotted ? curveMiddle(op, part, cell, plotted, slopeOf(op, "x", cell)) : wires({ symbol: symbolOf(op), inputs, z: at(op.z, cell.z), dz: op.dz ? at(op.dz, cell.z) : undefined, chosen: part.label ?? null });
      if (sizeOf(op.z.shape) === 1) return make("div", { class: "row scalar" }, wired);
      return pairPicture(op, part, cell, labelsOf(op), wired);
    },
    chain(op, part, cell) {
      const label = part.label ?? labelsOf(op).find((one) => op.d[one]);
      if (!op.dz || !label) return null;
      const n = sharesOf(op, label);
      const note = [nudgedNote(op, label, cell[label])];
      if (n > 1) note.unshift(say("pairs.note", { n, name: "d" + label, sum: short(at(op.d[label], cell[label])) }), " ");
      const words = says[label];
      const other = factors[label];
      return chainOf({ op, label, x: cell[label], z: cell.z, local: slopeOf(op, label, cell), says: (typeof words === "function" ? words(op) : words) ?? say("app.local"), share: n > 1, note, factor_: cell[other] ? [other, cell[other]] : null });
    },
  });
}

// The curve of z as a function of x, its other operands fixed, and the numbers of this cell below it.
function curveMiddle(op, part, cell, { f, formula = "", from = -3, to = 3, target }, slope) {
  const [x, z] = [operand(op, "x", cell), at(op.z, cell.z)];
  const beyond = 0.16 * (to - from);
  const [left, right] = [Math.min(from, x - (x < from ? beyond : 0)), Math.max(to, x + (x > to ? beyond : 0))];
  const xs = Array.from({ length: 161 }, (_, k) => left + ((right - left) * k) / 160);
  const others = target === undefined ? [] : [{ x: target, z: f(target) }];
  const spoken = part.phase === "forward"
    ? speech("x", ink("f", short(x)), "→ z", chip(short(z)))
    : speech(ink("b", short(at(op.dz, cell.z))), "×", ink("f", factor(slope)), "=", chip(short(at(op.d.x, cell.x))));
  return make("div", { class: "middle stack plotted" }, make("p", { class: "say" }, formula), curvePlot({ xs, zs: xs.map(f), x, z, slope, others }), spoken);
}

// The lines of a pair: the value; or the gradient of one operand, summed where it was broadcast.
function pairLines(op, part, { value, gradients }) {
  if (part.phase === "forward") return [[value]];
  const { label } = part;
  const line = gradients[label];
  if (sharesOf(op, label) === 1) return [[value, "", "forward"], [`d${label} = ${line}`]];
  return [[value, say("pairs.line.stretched", { name: label }), "forward"], [`shares = ${line}`, say("pairs.line.shares")], [`d${label} = sum(shares, ${axesText(op, label)})`, say("pairs.line.sum")]];
}

// How many elements of the output used one element of this operand.
const sharesOf = (op, label) => Math.round(sizeOf(op.z.shape) / Math.max(1, sizeOf(op.in[label].shape)));

// The axes along which an operand was repeated, as code says it.
function axesText(op, label) {
  const axes = stretchedAxes(op.in[label].shape, op.z.shape);
  return axes.length === op.z.shape.length ? "all" : axes.length === 1 ? `axis ${axes[0]}` : `axes ${axes.join(", ")}`;
}

function stretchedAxes(own, full) {
  const before = full.length - own.length;
  return full.map((_, axis) => axis).filter((axis) => axis < before || (own[axis - before] === 1 && full[axis] !== 1));
}

// The arrays around the wires: what goes in to the left, what comes out to the right, the chosen cell in the middle.
function pairPicture(op, part, cell, labels, wired) {
  const known = labels.filter((label) => op.in[label]);
  const side = (label, array, index, hue, extra) => arrayFigure({ op, label, array, index, hue, near: isSmall(array, index) ? undefined : 3, ...extra });
  const forward = part.phase === "forward";
  const left = forward
    ? known.map((label) => side(label, op.in[label], cell[label], "f"))
    : [side(part.id, op.d[part.label], cell[part.label], "b", { result: true, frame: "r" }), ...known.filter((label) => label !== part.label || known.length === 1).slice(0, 1).map((label) => side(label, op.in[label], cell[label], "f"))];
  const right = forward ? side("z", op.z, cell.z, "f", { result: true, frame: "r" }) : side("dz", op.dz, cell.z, "b");
  return make("div", { class: "row pair" }, make("div", { class: "stack" }, ...left), wired, right);
}

// The gradient of an operand that was repeated: every output that used it hands back a share, and they are added.
function sharesPicture(op, part, cell, shareAt) {
  const { label } = part;
  const places = usersOf(op, label, cell[label]);
  const shares = places.map((z) => shareAt(z));
  const chosen = places.findIndex((z) => sameIndex(z, cell.z));
  const pickShare = (k) => pick(op, { ...sameCell(op, "z", places[k]) });
  const users = groupFigure({ op, label: "dz", array: op.dz, index: cell.z, hue: "b", member: (z) => places.some((one) => sameIndex(one, z)), get: shareAt, name: say("pairs.shares") });
  return make(
    "div",
    { class: "row shares-row" },
    users,
    sign("Σ"),
    make(
      "div",
      { class: "stack middle" },
      waterfall({ shares, chosen, hue: "b", result: true, pick: pickShare }),
      speech(sumText(shares, "b", 2), equals(chip(short(at(op.d[label], cell[label]))))),
    ),
    sign("▶"),
    arrayFigure({ op, label: part.id, array: op.d[label], index: cell[label], hue: "b", result: true, frame: "r" }),
  );
}

// All places of the output that read this element of an operand.
function usersOf(op, label, index) {
  return [...placesOf(op.z.shape)].filter((z) => sameIndex(unbroadcast(op.in[label].shape, z), index));
}

// "0.12 + 0.3 − 0.05 + the other 7": the first few terms of a sum. A line may end before a sign.
function sumText(terms, hue, most_ = 4) {
  const shown = terms.slice(0, terms.length > most_ + 1 ? most_ : terms.length);
  const parts = shown.map((v, k) => make("span", {}, k ? (v < 0 ? `${MINUS} ` : "+ ") : v < 0 ? MINUS : "", short(Math.abs(v))));
  if (shown.length < terms.length) parts.push(make("span", {}, "+ ", make("small", {}, say("app.others", { n: counted(terms.length - shown.length) }))));
  return make("span", { class: `num sum ${hue}` }, ...parts.flatMap((part, k) => (k ? [" ", part] : [part])));
}
