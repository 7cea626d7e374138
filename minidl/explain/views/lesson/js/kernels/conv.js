// Convolution. Each tap of a kernel is multiplied with a shifted window of the image: forward adds the products up in z,
// backward hands dz back to the pixels that were read (dx) and adds up what a tap was multiplied with (dw).

// The output places first <= p < end at which a tap reads inside the image, at p * stride + offset.
function reads(tap, axis, length, outs, { stride, padding, dilation }) {
  const offset = tap * dilation[axis] - padding[axis][0];
  const first = Math.max(0, Math.ceil(-offset / stride[axis]));
  return { offset, first, end: Math.min(outs, Math.floor((length - 1 - offset) / stride[axis]) + 1) };
}

// Visit every pair of an image's plane and a kernel's tap: visit(where x's plane starts, the tap, where z's plane
// starts, rows, columns).
function eachTap(x, w, z, options, visit) {
  const [images, channels, height, width] = x;
  const [outs, own, tall, wide] = w; // own: the channels of one group
  const rows = Array.from({ length: tall }, (_, i) => reads(i, 0, height, z[2], options));
  const columns = Array.from({ length: wide }, (_, j) => reads(j, 1, width, z[3], options));
  const each = outs / options.groups;
  for (let n = 0; n < images; n++) {
    for (let o = 0; o < outs; o++) {
      const to = (n * outs + o) * z[2] * z[3];
      for (let c = 0; c < own; c++) {
        const from = (n * channels + Math.floor(o / each) * own + c) * height * width;
        let tap = (o * own + c) * tall * wide;
        for (let i = 0; i < tall; i++) for (let j = 0; j < wide; j++) visit(from, tap++, to, rows[i], columns[j]);
      }
    }
  }
}

function convShape(x, w, { stride, padding, dilation }) {
  const side = (axis) =>
    Math.floor((x[axis + 2] + padding[axis][0] + padding[axis][1] - dilation[axis] * (w[axis + 2] - 1) - 1) / stride[axis]) + 1;
  return [x[0], w[0], side(0), side(1)];
}

kernel("Conv2d", {
  forward({ x, w, b }, options) {
    const shape = convShape(x.shape, w.shape, options);
    const [width, across] = [x.shape[3], shape[3]];
    const [down, right] = options.stride;
    const [pixels, taps, sums] = [x.numbers, w.numbers, new Float64Array(sizeOf(shape))];
    const area = shape[2] * shape[3];
    if (b) for (let k = 0; k < sums.length; k++) sums[k] = b.numbers[Math.floor(k / area) % shape[1]];
    eachTap(x.shape, w.shape, shape, options, (from, tap, to, rows, columns) => {
      const weight = taps[tap];
      for (let p = rows.first; p < rows.end; p++) {
        const end = to + p * across + columns.end;
        let pixel = from + (p * down + rows.offset) * width + columns.first * right + columns.offset;
        for (let place = to + p * across + columns.first; place < end; place++, pixel += right) sums[place] += weight * pixels[pixel];
      }
    });
    return rounded(shape, sums);
  },

  backward({ x, w, b }, dz, options, memo, needs) {
    const [width, across] = [x.shape[3], dz.shape[3]];
    const [down, right] = options.stride;
    const [pixels, taps, arrived] = [x.numbers, w.numbers, dz.numbers];
    const dx = needs.x ? new Float64Array(pixels.length) : null;
    const dw = needs.w ? new Float64Array(taps.length) : null;
    eachTap(x.shape, w.shape, dz.shape, options, (from, tap, to, rows, columns) => {
      const weight = taps[tap];
      let sum = 0;
      for (let p = rows.first; p < rows.end; p++) {
        const end = to + p * across + columns.end;
        const start = from + (p * down + rows.offset) * width + columns.first * right + columns.offset;
        let pixel = start;
        if (dx) for (let place = to + p * across + columns.first; place < end; place++, pixel += right) dx[pixel] += weight * arrived[place];
        pixel = start;
        if (dw) for (let place = to + p * across + columns.first; place < end; place++, pixel += right) sum += pixels[pixel] * arrived[place];
      }
      if (dw) dw[tap] += sum; // once per image
    });
    return {
      x: dx && rounded(x.shape, dx),
      w: dw && rounded(w.shape, dw),
      b: b && needs.b ? sumTo(sumTo(dz, [1, dz.shape[1], 1, 1]), b.shape) : null,
    };
  },
});
