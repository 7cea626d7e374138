// A tensor used twice: its value splits into several uses, and the gradients they send back are added.

lesson({
  name: "shared",
  fits: () => false,
  holes: (op) => ({ n: sendersOf(op).length, name: shortName(op) }),
  lines: (op) => [
    [`dz  = 0`, "", "backward"],
    ...sendersOf(op).map(({ op: user, label }, k) => [`dz += d${label}`, say("shared.line.use", { name: shortName(user) })]),
  ],
  draw(op, part, cell) {
    const uses = sendersOf(op);
    const parts = uses.map(({ op: user, label }) => ({ user, label, value: at(user.d[label], cell.z) }));
    return make("div", { class: "row shared" }, branches(op, cell, parts), sharedFigures(op, cell, uses));
  },
  chain(op, part, cell) {
    const shares = sendersOf(op).map(({ op: user, label }) => ({ user, label, value: at(user.d[label], cell.z) }));
    const shown = shares.slice(0, 3);
    return {
      sign: "=",
      between: "+",
      terms: [
        term(["L"], ["z", trimmed(cell.z)], at(op.dz, cell.z), say("shared.sum"), "r"),
        ...shown.map(({ user, label, value }) => ({ ...term(["L"], [label, trimmed(cell.z)], value, say("shared.by", { name: shortName(user) }), "b", followUse(user, label, cell.z)), symbol: make("span", { class: "frac v" }, make("span", {}, `d${label}`)) })),
      ],
      note: shares.length > 3 ? say("shared.more", { n: shares.length - 3 }) : null,
    };
  },
});

const followUse = (user, label, index) => ({ screen: screenOf(user, "d" + label), op: user, cell: user.lesson.cell(user, label, index) });

// The value in the middle, its uses to the right; gradients come back along every branch and meet.
function branches(op, cell, shares) {
  const shown = shares.slice(0, 4);
  const high = Math.max(260, 118 * shown.length);
  const middle = high / 2;
  const place = (k) => (high / shown.length) * (k + 0.5);
  const wires_ = shown.flatMap((one, k) => [
    draw("path", { class: "wire b", d: `M222,${middle}C300,${middle} 280,${place(k)} 352,${place(k)}` }),
  ]);
  const boxes = shown.map(({ user, label, value }, k) => {
    const go = () => followFrom(followUse(user, label, cell.z));
    return draw(
      "g",
      { class: "use", on: { click: go } },
      draw("rect", { class: "box", x: 352, y: place(k) - 50, width: 284, height: 100, rx: 8 }),
      draw("text", { class: "user", x: 366, y: place(k) - 12 }, `${shortName(user)}`),
      draw("text", { class: "letter", x: 366, y: place(k) + 34 }, `d${label}`),
      draw("text", { class: "amount b", x: 622, y: place(k) + 35 }, short(value)),
    );
  });
  return draw(
    "svg",
    { viewBox: `0 0 640 ${high}`, class: "wires", role: "img", "aria-label": say("shared.says", { n: shares.length }) },
    ...wires_,
    tip(206, middle, 180, "b"),
    boxOf({ x: 4, y: middle, name: "z", value: at(op.z, cell.z), grad: at(op.dz, cell.z), result: true }),
    ...boxes,
  );
}

// The arrays that are added, cell by cell.
function sharedFigures(op, cell, uses) {
  if (sizeOf(op.z.shape) === 1) return null;
  const near = isSmall(op.z, cell.z) ? undefined : 3;
  const one = (array, name, extra) => arrayFigure({ op, label: "z", array, index: cell.z, hue: "b", near, name, ...extra });
  return make("div", { class: "stack" }, ...uses.slice(0, 2).map(({ op: user, label }) => one(user.d[label], `d${label}`, { more: shortName(user) })), one(op.dz, "dz", { result: true, frame: "r" }));
}
