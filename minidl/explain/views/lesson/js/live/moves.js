// Operations that only move numbers: their lesson knows where each element of z was read, so one kernel serves them all.

// The kernel of an operation; undefined where there is none.
const kernelOf = (op) => KERNELS[op.op] ?? (op.lesson.source && readsFixedPlaces(op) ? (op.moves ??= movesOf(op)) : undefined);

// Places and masks that another operation computes would move with the numbers.
const readsFixedPlaces = (op) => op.inputs.every((input) => !input.from || isFloating(input.array));

function movesOf(op) {
  const reading = readingOf(op);
  return {
    forward: (inputs, { value = 0 }) => rounded(op.z.shape, reading.map((one) => (one ? inputs[one.label].numbers[one.flat] : value))),
    backward(inputs, dz) {
      const sums = Object.fromEntries(op.inputs.filter((input) => input.wants).map(({ label }) => [label, new Float64Array(inputs[label].numbers.length)]));
      reading.forEach((one, flat) => one && sums[one.label] && (sums[one.label][one.flat] += dz.numbers[flat]));
      return Object.fromEntries(Object.entries(sums).map(([label, sum]) => [label, rounded(inputs[label].shape, sum)]));
    },
  };
}
