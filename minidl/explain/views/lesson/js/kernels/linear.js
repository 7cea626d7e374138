// Linear layers and products of matrices: each number of z is a row times a column.

// z[i, j] = Σ_l x[i, l] y[l, j] for one pair of matrices. A matrix is {numbers, start, row, column}: element (i, l) lies
// at start + i * row + l * column, so that a transposed one is read with row and column exchanged.
function product(z, to, x, y, [m, k, n]) {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      let a = x.start + i * x.row;
      let b = y.start + j * y.column;
      for (let l = 0; l < k; l++, a += x.column, b += y.row) sum += x.numbers[a] * y.numbers[b];
      z[to + i * n + j] += sum;
    }
  }
}

const matrix = (numbers, columns, start = 0) => ({ numbers, start, row: columns, column: 1 });
const transposed = ({ numbers, start, row, column }) => ({ numbers, start, row: column, column: row });

kernel("Linear", {
  forward({ x, w, b }) {
    const [outs, ins] = w.shape;
    const rows = x.numbers.length / ins;
    const sums = new Float64Array(rows * outs);
    if (b) for (let k = 0; k < sums.length; k++) sums[k] = b.numbers[(k % outs) % b.numbers.length];
    product(sums, 0, matrix(x.numbers, ins), transposed(matrix(w.numbers, ins)), [rows, ins, outs]);
    return rounded([...x.shape.slice(0, -1), outs], sums);
  },
  backward({ x, w, b }, dz, options, memo, needs) {
    const [outs, ins] = w.shape;
    const rows = x.numbers.length / ins;
    const [dx, dw] = [new Float64Array(x.numbers.length), new Float64Array(w.numbers.length)];
    const arrived = matrix(dz.numbers, outs);
    if (needs.x) product(dx, 0, arrived, matrix(w.numbers, ins), [rows, outs, ins]);
    if (needs.w) product(dw, 0, transposed(arrived), matrix(x.numbers, ins), [outs, rows, ins]);
    return { x: rounded(x.shape, dx), w: rounded(w.shape, dw), b: b && sumTo(new LiveArray([rows, outs], dz.numbers), b.shape) };
  },
});

// The matrices of x and y, pair by pair; a vector x is a row, a vector y a column. Dimensions before the last two are
// broadcast.
function pairsOf(x, y) {
  const [a, b] = [x.shape.length > 1 ? x.shape : [1, ...x.shape], y.shape.length > 1 ? y.shape : [...y.shape, 1]];
  const [m, k, n] = [a.at(-2), a.at(-1), b.at(-1)];
  const leading = broadcastShape(a.slice(0, -2), b.slice(0, -2));
  const [i, j] = [placesIn(a.slice(0, -2), leading), placesIn(b.slice(0, -2), leading)];
  const pairs = Array.from(i, (place, at_) => [place * m * k, j[at_] * k * n, at_ * m * n]);
  const shape = [...leading, ...(x.shape.length > 1 ? [m] : []), ...(y.shape.length > 1 ? [n] : [])];
  return { sizes: [m, k, n], pairs, shape };
}

kernel("MatMul", {
  forward({ x, y }) {
    const { sizes, pairs, shape } = pairsOf(x, y);
    const sums = new Float64Array(sizeOf(shape));
    for (const [a, b, to] of pairs) product(sums, to, matrix(x.numbers, sizes[1], a), matrix(y.numbers, sizes[2], b), sizes);
    return rounded(shape, sums);
  },
  backward({ x, y }, dz) {
    const { sizes: [m, k, n], pairs } = pairsOf(x, y);
    const [dx, dy] = [new Float64Array(x.numbers.length), new Float64Array(y.numbers.length)];
    for (const [a, b, to] of pairs) {
      const arrived = matrix(dz.numbers, n, to);
      product(dx, a, arrived, transposed(matrix(y.numbers, n, b)), [m, n, k]);
      product(dy, b, transposed(matrix(x.numbers, k, a)), arrived, [k, m, n]);
    }
    return { x: rounded(x.shape, dx), y: rounded(y.shape, dy) };
  },
});
