// Normalisation: subtract the mean, divide by the standard deviation, scale and shift. In training the statistics are
// those of the batch, and x moves them too; in evaluation they are given.

const meansOf = (x, narrow) => sumsInto(x, narrow).map((sum) => (sum * sizeOf(narrow)) / x.numbers.length);

const scaled = (normal, w, b) => {
  const product_ = w ? zipped(normal, w, (v, weight) => v * weight) : normal;
  return b ? zipped(product_, b, (v, bias) => v + bias) : product_;
};

// dw and db; dx is (g - mean(g) - x̂ · mean(g · x̂)) / σ with g = w · dz.
function normalized(name) {
  kernel(name, {
    forward({ x, w, b }, { axes, eps }, memo) {
      const narrow = narrowed(x.shape, axes);
      const places = placesIn(narrow, x.shape);
      const mean = meansOf(x, narrow);
      const centred = mapped(x, (v, k) => v - mean[places[k]]);
      Object.assign(memo, { narrow, mean });
      memo.sigma = meansOf(mapped(centred, (v) => v * v), narrow).map((variance) => Math.sqrt(variance + eps));
      memo.normal = mapped(centred, (v, k) => v / memo.sigma[places[k]]);
      return scaled(memo.normal, w, b);
    },
    backward({ x, w, b }, dz, { axes }, memo) {
      const { narrow, normal, sigma } = memo;
      const places = placesIn(narrow, x.shape);
      const g = w ? zipped(dz, w, (v, weight) => v * weight) : dz;
      const mean = meansOf(g, narrow);
      const along = meansOf(mapped(g, (v, k) => v * normal.numbers[k]), narrow);
      Object.assign(memo, { mean_g: mean, mean_gx: along });
      const dx = mapped(g, (v, k) => (v - mean[places[k]] - normal.numbers[k] * along[places[k]]) / sigma[places[k]]);
      return { x: dx, w: w && mapped(dz, (v, k) => v * normal.numbers[k]), b: b && dz };
    },
    extras: ({ narrow, mean, sigma, mean_g, mean_gx }) =>
      Object.fromEntries(Object.entries({ mean, sigma, mean_g, mean_gx }).filter(([, sums]) => sums).map(([name, sums]) => [name, rounded(narrow, sums)])),
  });
}

normalized("Normalize");
normalized("NormalizeChannels");

kernel("Standardize", {
  forward({ x, w, b, mean, var: variance }, { eps }, memo) {
    memo.sigma = mapped(variance, (v) => Math.sqrt(v + eps));
    memo.normal = zipped(zipped(x, mean, (v, m) => v - m), memo.sigma, (v, sigma) => v / sigma);
    return scaled(memo.normal, w, b);
  },
  backward({ w, b }, dz, options, { normal, sigma }) {
    const g = w ? zipped(dz, w, (v, weight) => v * weight) : dz;
    return { x: zipped(g, sigma, (v, s) => v / s), w: w && mapped(dz, (v, k) => v * normal.numbers[k]), b: b && dz };
  },
});
