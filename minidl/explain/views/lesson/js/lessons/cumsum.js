// Running sums: each number is in its own sum and in all that follow, so its gradient adds up all that come after.

lesson({
  name: "cumsum",
  ops: ["Cumsum"],
  lines: (op, part) => (part.phase === "forward" ? [["z[i] = x[0] + ... + x[i]"]] : [["dx[i] = dz[i] + dz[i+1] + ..."]]),
  draw(op, part, cell) {
    const { dim } = op.options;
    const forward = part.phase === "forward";
    const along = (i, own) => i.every((k, axis) => (axis === dim ? (forward ? k <= own[dim] : k >= own[dim]) : k === own[axis]));
    const [from, to] = forward ? [["x", op.in.x, "f"], ["z", op.z, "f"]] : [["dz", op.dz, "b"], ["dx", op.d.x, "b"]];
    const terms = [...placesOf(from[1].shape)].filter((i) => along(i, cell.z)).map((i) => at(from[1], i));
    const figures = [
      groupFigure({ op, label: from[0], as: "z", array: from[1], index: cell.z, hue: from[2], member: (i) => along(i, cell.z) }),
      make("div", { class: "stack middle" }, waterfall({ shares: terms, hue: from[2], result: true }), speech(sumText(terms, from[2], 3), equals(chip(short(at(to[1], cell.z)))))),
      groupFigure({ op, label: to[0], as: "z", array: to[1], index: cell.z, hue: to[2], result: true, frame: "r", member: (i) => sameIndex(i, cell.z) }),
    ];
    return make("div", { class: "row reduce" }, ...(forward ? figures : figures.toReversed()));
  },
  chain: (op, part, cell) => {
    if (!op.dz || !op.d.x) return null;
    const n = op.z.shape[op.options.dim] - cell.z[op.options.dim];
    return chainOf({ op, label: "x", x: cell.x, z: cell.z, local: 1, says: say("app.local"), share: n > 1, note: [n > 1 ? say("pairs.note", { n, name: "dx", sum: short(at(op.d.x, cell.x)) }) : "", " ", nudgedNote(op, "x", cell.x)] });
  },
});
