// The same numbers several times: broadcasting made visible. What was repeated gets the sum back.

movedLesson({
  name: "expand",
  ops: ["Expand", "Tile"],
  source: (op, z) => {
    const own = op.in.x.shape;
    return { label: "x", index: z.slice(z.length - own.length).map((i, axis) => i % own[axis]) };
  },
  lines: (op, part) => {
    const tiled = op.op === "Tile";
    if (part.phase === "forward") return [[tiled ? `z  = tile(x, ${op.options.counts.join(", ")})` : `z  = x.expand(${op.z.shape.join(", ")})`]];
    return [[tiled ? "dx = sum(dz over the copies)" : `dx = sum(dz, ${axesText(op, "x")})`, say("expand.line.dx")]];
  },
});
