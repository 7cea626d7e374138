// The recorded numbers: decoding, reading by index, and how an array is laid out as planes of rows and columns.

const FOLD_ABOVE = 128; // a row longer than this is folded into several

// {shape, block, numbers, ...}: `numbers` are those of the block that is on the page, row by row.
function decodeValue(value) {
  const bytes = Uint8Array.from(atob(value.data ?? ""), (character) => character.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const numbers = Float32Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  return { ...value, numbers };
}

// The number at an index, or undefined where it is not on the page.
function at(array, index) {
  let place = 0;
  for (let axis = 0; axis < array.shape.length; axis++) {
    const [start, stop] = array.block[axis];
    if (index[axis] < start || index[axis] >= stop) return undefined;
    place = place * (stop - start) + (index[axis] - start);
  }
  return array.numbers[place];
}

function isWhole(array) {
  return array.shape.every((length, axis) => array.block[axis][0] === 0 && array.block[axis][1] === length);
}

// How to draw an array: {rows, columns, folded, planes, indexOf(plane, row, column), placeOf(index)}.
// The last two axes are a plane; where the last one is long it is folded and is a plane of its own.
function layoutOf(array) {
  const shape = array.shape;
  const length = shape.at(-1) ?? 1;
  const folded = length > FOLD_ABOVE;
  const inner = folded ? 1 : Math.min(2, shape.length);
  const columns = folded ? foldWidth(length) : length;
  const rows = folded ? Math.ceil(length / columns) : inner === 2 ? shape.at(-2) : 1;
  const planes = leadingIndices(array.block.slice(0, shape.length - inner));
  function indexOf(plane, row, column) {
    const leading = planes[plane];
    if (folded) {
      const place = row * columns + column;
      return place < length ? [...leading, place] : null;
    }
    return [...leading, ...[row, column].slice(2 - inner)];
  }
  function placeOf(index) {
    const leading = index.slice(0, shape.length - inner);
    const plane = planes.findIndex((other) => other.every((i, axis) => i === leading[axis]));
    if (folded) return { plane, row: Math.floor(index.at(-1) / columns), column: index.at(-1) % columns };
    return { plane, row: inner === 2 ? index.at(-2) : 0, column: index.at(-1) ?? 0 };
  }
  return { rows, columns, folded, length, planes, indexOf, placeOf };
}

// The divisor of n that folds it most nearly into a square, or the square's side where there is none.
function foldWidth(n) {
  const side = Math.ceil(Math.sqrt(n));
  for (let width = side; width <= 2 * side; width++) if (n % width === 0) return width;
  return side;
}

function leadingIndices(block) {
  let found = [[]];
  for (const [start, stop] of block) {
    found = found.flatMap((head) => Array.from({ length: stop - start }, (_, i) => [...head, start + i]));
  }
  return found;
}

// The largest magnitude of an array, for its colour scale.
function reach(array) {
  return Math.max(Math.abs(array.min ?? 0), Math.abs(array.max ?? 0));
}
