// An embedding: rows of a table by their numbers; every use of a row adds its gradient there.

kernel("Embedding", {
  forward({ i, w }) {
    const width = w.shape[1];
    const z = new LiveArray([...i.shape, width]);
    i.numbers.forEach((row, n) => z.numbers.set(w.numbers.subarray(row * width, (row + 1) * width), n * width));
    return z;
  },
  backward({ i, w }, dz, options) {
    const width = w.shape[1];
    const sums = new Float64Array(w.numbers.length);
    const count = new Map();
    for (const row of i.numbers) count.set(row, (count.get(row) ?? 0) + 1);
    i.numbers.forEach((row, n) => {
      const share = row === options.padding ? 0 : options.by_frequency ? 1 / count.get(row) : 1;
      for (let d = 0; d < width; d++) sums[row * width + d] += share * dz.numbers[n * width + d];
    });
    return { w: rounded(w.shape, sums) };
  },
});
