// Many numbers become one, along some axes or all; backward spreads the gradient back over them.

function reduction(name, count) {
  kernel(name, {
    forward({ x }, { dim, keepdim }) {
      const narrow = narrowed(x.shape, dim);
      const n = count(x.numbers.length / sizeOf(narrow));
      const shape = keepdim ? narrow : x.shape.filter((_, axis) => !dim.includes(axis));
      return rounded(shape, sumsInto(x, narrow).map((sum) => sum / n));
    },
    backward({ x }, dz, { dim }) {
      const narrow = narrowed(x.shape, dim);
      const [places, n] = [placesIn(narrow, x.shape), count(x.numbers.length / sizeOf(narrow))];
      return { x: new LiveArray(x.shape, Float32Array.from(places, (place) => dz.numbers[place] / n)) };
    },
  });
}

reduction("Sum", () => 1);
reduction("Mean", (n) => n);
