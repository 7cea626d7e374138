// Pooling: the largest pixel of each window, or their mean. Padding never counts as a pixel.

// Visit every window: visit(its place in z, the places in x of its pixels, row by row).
function eachWindow(x, { kernel: [tall, wide], stride, padding, dilation, size }, visit) {
  const [height, width] = x.slice(2);
  const pixels = new Int32Array(tall * wide);
  let place = 0;
  for (let plane = 0; plane < x[0] * x[1]; plane++) {
    for (let p = 0; p < size[0]; p++) {
      for (let q = 0; q < size[1]; q++, place++) {
        let count = 0;
        for (let i = 0; i < tall; i++) {
          const row = p * stride[0] + i * dilation[0] - padding[0][0];
          if (row < 0 || row >= height) continue;
          for (let j = 0; j < wide; j++) {
            const column = q * stride[1] + j * dilation[1] - padding[1][0];
            if (column >= 0 && column < width) pixels[count++] = (plane * height + row) * width + column;
          }
        }
        visit(place, pixels, count);
      }
    }
  }
}

const pooledShape = (x, { size }) => [x[0], x[1], size[0], size[1]];

kernel("MaxPool2d", {
  forward({ x }, options, memo) {
    const z = new LiveArray(pooledShape(x.shape, options));
    memo.winners = new Int32Array(z.numbers.length);
    eachWindow(x.shape, options, (place, pixels, count) => {
      let winner = pixels[0]; // of equal pixels the first
      for (let k = 1; k < count; k++) if (!(x.numbers[pixels[k]] <= x.numbers[winner])) winner = pixels[k];
      memo.winners[place] = winner;
      z.numbers[place] = x.numbers[winner];
    });
    return z;
  },
  backward({ x }, dz, options, { winners }) {
    const dx = new Float64Array(x.numbers.length);
    for (let place = 0; place < winners.length; place++) dx[winners[place]] += dz.numbers[place];
    return { x: rounded(x.shape, dx) };
  },
});

const divisorAt = (divisor, place) => (typeof divisor === "number" ? divisor : divisor.numbers[place % divisor.numbers.length]);

kernel("AvgPool2d", {
  forward({ x }, options) {
    const z = new LiveArray(pooledShape(x.shape, options));
    eachWindow(x.shape, options, (place, pixels, count) => {
      let sum = 0;
      for (let k = 0; k < count; k++) sum += x.numbers[pixels[k]];
      z.numbers[place] = sum / divisorAt(options.divisor, place);
    });
    return z;
  },
  backward({ x }, dz, options) {
    const dx = new Float64Array(x.numbers.length);
    eachWindow(x.shape, options, (place, pixels, count) => {
      const share = dz.numbers[place] / divisorAt(options.divisor, place);
      for (let k = 0; k < count; k++) dx[pixels[k]] += share;
    });
    return { x: rounded(x.shape, dx) };
  },
});
