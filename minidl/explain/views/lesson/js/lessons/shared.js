// A tensor used twice: its value splits into several uses, and the gradients they send back are added.

lesson({
  name: "shared",
  fits: () => false,
  holes: (op) => ({ n: sendersOf(op, cellOf(op).z).length, name: shortName(op) }),
  lines: (op) => [
    [`dz  = 0`, "", "backward"],
    ...sendersOf(op, cellOf(op).z).map(({ op: user, label }) => [`dz += ${gradientId(user, label)}`, say("shared.line.use", { name: nameAmong(user) })]),
  ],
  draw(op, part, cell) {
    const shares = sharesOfUses(op, cell);
    if (sizeOf(op.z.shape) === 1) return make("div", { class: "row scalar" }, branches(op, cell, shares));
    const whole = groupFigure({ op, label: "dz", as: "z", array: op.dz, index: cell.z, hue: "b", result: true, frame: "r", member: (i) => sameIndex(i, cell.z) });
    return make("div", { class: "row shared" }, whole, branches(op, cell, shares));
  },
  chain(op, part, cell) {
    const shares = sharesOfUses(op, cell).toSorted((a, b) => Math.abs(b.value) - Math.abs(a.value));
    const rest = shares.slice(1).reduce((sum, one) => sum + one.value, 0);
    const named = (one) => ({ ...term(["L"], ["z"], one.value, say("shared.by", { name: nameAmong(one.user) }), "b", followUse(one)), symbol: gradientName(gradientId(one.user, one.label)) });
    const others = { symbol: gradientName("d…"), value: rest, words: say("app.others", { n: shares.length - 1 }), hue: "b" };
    return {
      sign: "=",
      between: "+",
      terms: [term(["L"], ["z", trimmed(cell.z)], at(op.dz, cell.z), say("shared.sum"), "r"), ...(shares.length > 2 ? [named(shares[0]), others] : shares.map(named))],
    };
  },
});

const sharesOfUses = (op, cell) => sendersOf(op, cell.z).map((use) => {
  const index = usedAt(use, cell.z);
  return { user: use.op, label: use.label, index, value: at(use.op.d[use.label], index) };
});
const nameAmong = (op) => (op.alone ? shortName(op) : `${shortName(op)} ${op.count}`); // Linear 2
const gradientName = (text) => make("span", { class: "frac v" }, text);
const gradientId = (user, label) => user.lesson.parts(user).find((part) => part.label === label)?.id ?? `d${label}`; // what its screen is called
const followUse = ({ user, label, index }) => ({ screen: screenOf(user, "d" + label), op: user, cell: user.lesson.cell(user, label, index) });

// The value in the middle, its uses to the right; gradients come back along every branch and meet.
function branches(op, cell, shares) {
  const shown = shares.slice(0, 4);
  const each = shown.length > 3 ? 92 : 116;
  const high = Math.max(240, each * shown.length + 6);
  const middle = high / 2;
  const place = (k) => (high / shown.length) * (k + 0.5);
  const wires_ = shown.flatMap((one, k) => [
    draw("path", { class: "wire b", d: `M240,${middle}C300,${middle} 280,${place(k)} 352,${place(k)}` }),
  ]);
  const boxes = shown.map((one, k) => {
    const { user, label, value } = one;
    const go = () => followFrom(followUse(one));
    return draw(
      "g",
      { class: "use", on: { click: go } },
      draw("rect", { class: "box", x: 352, y: place(k) - 42, width: 284, height: 84, rx: 8 }),
      draw("text", { class: "user", x: 366, y: place(k) - 9 }, nameAmong(user)),
      draw("text", { class: "letter", x: 366, y: place(k) + 29 }, gradientId(user, label)),
      draw("text", { class: "amount b", x: 622, y: place(k) + 30 }, short(value)),
    );
  });
  return draw(
    "svg",
    { viewBox: `0 0 640 ${high}`, class: "wires", role: "img", "aria-label": say("shared.says", { n: shares.length }) },
    ...wires_,
    tip(226, middle, 180, "b"),
    boxOf({ x: 2, y: middle, name: "z", value: at(op.z, cell.z), grad: at(op.dz, cell.z), result: true }),
    ...boxes,
  );
}
