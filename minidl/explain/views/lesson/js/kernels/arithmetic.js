// Operations on two numbers, broadcast: each gets dz times its own slope.

// pairwise("Mul", (x, y) => z, slope of x, slope of y)
function pairwise(name, value, slopeX, slopeY) {
  kernel(name, {
    forward: ({ x, y }, options) => zipped(x, y, (a, b) => value(a, b, options)),
    backward({ x, y }, dz, options, memo, needs) {
      const share = (slope) => {
        const local = zipped(x, y, (a, b) => slope(a, b, options));
        return mapped(dz, (v, k) => v * local.numbers[k]);
      };
      return { x: needs.x ? share(slopeX) : null, y: needs.y ? share(slopeY) : null };
    },
  });
}

pairwise("Add", (x, y) => x + y, () => 1, () => 1);
pairwise("AddScaled", (x, y, { a }) => x + a * y, () => 1, (x, y, { a }) => a);
pairwise("Sub", (x, y) => x - y, () => 1, () => -1);
pairwise("Mul", (x, y) => x * y, (x, y) => y, (x) => x);
pairwise("Div", (x, y) => x / y, (x, y) => 1 / y, (x, y) => -x / y / y);
pairwise(
  "Pow",
  (x, y) => x ** y,
  (x, y) => (y === 0 ? 0 : y * x ** (y - 1)),
  (x, y) => (x === 0 && y >= 0 ? 0 : x ** y * Math.log(x)),
);
pairwise(
  "Maximum",
  (x, y) => Math.max(x, y),
  (x, y) => (x > y ? 1 : x === y ? 0.5 : 0),
  (x, y) => (y > x ? 1 : x === y ? 0.5 : 0),
);
pairwise("SquaredError", (x, y) => (x - y) ** 2, (x, y) => 2 * (x - y), (x, y) => 2 * (y - x));
pairwise("AbsoluteError", (x, y) => Math.abs(x - y), (x, y) => Math.sign(x - y), (x, y) => Math.sign(y - x));
