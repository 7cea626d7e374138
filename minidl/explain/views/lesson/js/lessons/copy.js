// The same numbers in memory of their own, or in another dtype.

movedLesson({
  name: "copy",
  ops: ["Clone", "Cast"],
  source: (op, z) => ({ label: "x", index: z }),
  lines: (op, part) => (part.phase === "forward" ? [["z  = copy(x)"]] : [["dx = dz"]]),
});
