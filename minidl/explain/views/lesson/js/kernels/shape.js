// The same elements in another shape or order, repeated, masked, or side by side.

const same = { forward: ({ x }) => x, backward: (inputs, dz) => ({ x: dz }) };
kernel("Clone", same);
kernel("Cast", same);

kernel("Reshape", {
  forward: ({ x }, { shape }) => new LiveArray(shape, x.numbers),
  backward: ({ x }, dz) => ({ x: new LiveArray(x.shape, dz.numbers) }),
});

kernel("Expand", {
  forward({ x }, { shape }) {
    const places = placesIn(x.shape, shape);
    return new LiveArray(shape, Float32Array.from(places, (place) => x.numbers[place]));
  },
  backward: (inputs, dz) => ({ x: dz }), // summed to the shape of x, as whatever was broadcast
});

// The axes of x in another order: axis `dims[0]` first.
function permuted(x, dims) {
  const steps = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
  const shape = dims.map((axis) => x.shape[axis]);
  const z = new LiveArray(shape);
  for (let k = 0; k < z.numbers.length; k++) {
    let [rest, place] = [k, 0];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      place += (rest % shape[axis]) * steps[dims[axis]];
      rest = Math.floor(rest / shape[axis]);
    }
    z.numbers[k] = x.numbers[place];
  }
  return z;
}

kernel("Permute", {
  forward: ({ x }, { dims }) => permuted(x, dims),
  backward: (inputs, dz, { dims }) => ({ x: permuted(dz, dims.map((_, axis) => dims.indexOf(axis))) }),
});

// The mask of the recorded pass stays: the same units are off.
kernel("Dropout", {
  forward: ({ x }, options) => dropped(x, options),
  backward: (inputs, dz, options) => ({ x: dropped(dz, options) }),
});
const dropped = (x, { kept, p }) => zipped(x, kept, (v, mask) => (mask ? v / (1 - p) : 0));
