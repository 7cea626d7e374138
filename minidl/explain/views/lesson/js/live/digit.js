// A digit that is drawn, made into what the network was trained on: as MNIST is, scaled into a box of 20 by 20, with its
// centre of mass in the middle of 28 by 28.

const SHEET = 140; // ink is kept in so many rows and columns
const BRUSH = 6.5; // its radius there
const [BOX, WHOLE] = [20, 28];

const ink_ = new Float32Array(SHEET * SHEET); // 0 paper to 1 ink

function clearInk() {
  ink_.fill(0);
}

// A stroke from one place to another, both {x, y} in parts of the sheet.
function inkStroke(from, to) {
  const [x0, y0, x1, y1] = [from.x * SHEET, from.y * SHEET, to.x * SHEET, to.y * SHEET];
  const length = (x1 - x0) ** 2 + (y1 - y0) ** 2;
  const reach_ = BRUSH + 1;
  for (let r = Math.max(0, Math.floor(Math.min(y0, y1) - reach_)); r < Math.min(SHEET, Math.max(y0, y1) + reach_); r++) {
    for (let c = Math.max(0, Math.floor(Math.min(x0, x1) - reach_)); c < Math.min(SHEET, Math.max(x0, x1) + reach_); c++) {
      const along = length ? Math.max(0, Math.min(1, ((c + 0.5 - x0) * (x1 - x0) + (r + 0.5 - y0) * (y1 - y0)) / length)) : 0;
      const away = Math.hypot(c + 0.5 - x0 - along * (x1 - x0), r + 0.5 - y0 - along * (y1 - y0));
      ink_[r * SHEET + c] = Math.max(ink_[r * SHEET + c], Math.max(0, Math.min(1, BRUSH + 0.5 - away)));
    }
  }
}

// The ink as MNIST would have it: 28 x 28 numbers from 0 to 1.
function centred(sheet = ink_, side = SHEET) {
  const digit = new Float32Array(WHOLE * WHOLE);
  const box = inked_(sheet, side);
  if (!box) return digit;
  const scale = Math.max(box.rows, box.columns) / BOX; // sheet's cells per pixel
  const [rows, columns] = [Math.max(1, Math.round(box.rows / scale)), Math.max(1, Math.round(box.columns / scale))];
  const small = Float32Array.from({ length: rows * columns }, (_, k) =>
    areaMean(sheet, side, box.row + Math.floor(k / columns) * (box.rows / rows), box.column + (k % columns) * (box.columns / columns), box.rows / rows, box.columns / columns));
  let [mass, down, right] = [0, 0, 0];
  small.forEach((v, k) => {
    mass += v;
    down += v * (Math.floor(k / columns) + 0.5);
    right += v * ((k % columns) + 0.5);
  });
  const shift = (centre, length) => Math.max(0, Math.min(WHOLE - length, Math.round(WHOLE / 2 - centre / mass)));
  const [top, left] = [shift(down, rows), shift(right, columns)];
  small.forEach((v, k) => (digit[(top + Math.floor(k / columns)) * WHOLE + left + (k % columns)] = v));
  return digit;
}

// The smallest box around the ink; null without any.
function inked_(sheet, side) {
  let [row, column, end, right] = [side, side, -1, -1];
  sheet.forEach((v, k) => {
    if (v < 0.05) return;
    const [r, c] = [Math.floor(k / side), k % side];
    [row, column, end, right] = [Math.min(row, r), Math.min(column, c), Math.max(end, r), Math.max(right, c)];
  });
  return end < 0 ? null : { row, column, rows: end - row + 1, columns: right - column + 1 };
}

// The mean of a rectangle with edges between cells.
function areaMean(sheet, side, row, column, rows, columns) {
  let sum = 0;
  for (let r = Math.floor(row); r < Math.min(side, row + rows); r++) {
    const tall = Math.min(r + 1, row + rows) - Math.max(r, row);
    for (let c = Math.floor(column); c < Math.min(side, column + columns); c++) {
      sum += sheet[r * side + c] * tall * (Math.min(c + 1, column + columns) - Math.max(c, column));
    }
  }
  return sum / (rows * columns);
}

// 28 x 28 numbers as the network's paper has them: means of blocks, in its units.
function onPaper(digit) {
  const { side, low, high } = LIVE.paper;
  const block = WHOLE / side;
  return Float32Array.from({ length: side * side }, (_, k) =>
    low + (high - low) * areaMean(digit, WHOLE, Math.floor(k / side) * block, (k % side) * block, block, block));
}

const samplePixels = (sample) => Float32Array.from(atob(sample.pixels), (character) => character.charCodeAt(0) / 255);

// Put a picture of 28 x 28 on the paper of the first sample, and its label if it has one.
function putOnPaper(digit, label = null) {
  const found = onPaper(digit);
  let leaves = changedLeaves(LIVE.input, (numbers) => numbers.set(found));
  if (label !== null && liveTarget()) leaves = leaves.map((leaf, k) => (k === liveTarget().leaf ? withLabel(leaf, label) : leaf));
  return leaves;
}

function withLabel(leaf, label) {
  const copy = asLive(leaf);
  copy.numbers[0] = label;
  return copy;
}

function takeTurn() {
  live.sample = ((live.sample ?? -1) + 1) % LIVE.samples.length;
  const sample = LIVE.samples[live.sample];
  const leaves = putOnPaper(samplePixels(sample), sample.label);
  live.pass = runBackward(leaves, runForward(leaves));
}

// The class that the loss calls right, and where the scores are: {leaf, scores, classes, logs}; null without classes.
function liveTarget() {
  const op = OPS.find((one) => ["CrossEntropy", "NegativeLogLikelihood"].includes(one.op) && one.in.x.shape.length === 2);
  if (!op) return null;
  const leaf = LIVE.leaves[op.id][op.inputs.findIndex((input) => input.label === "t")];
  const scores = op.inputs[0].from?.id;
  return leaf === null || scores === undefined ? null : { leaf, scores, classes: op.in.x.shape[1], logs: op.op !== "CrossEntropy" };
}

// The probability of each class for the first sample, and the label it has.
function liveAnswer() {
  const found = liveTarget();
  if (!found) return null;
  const { scores, classes, leaf, logs } = found;
  const row = live.pass.z[scores].numbers.slice(0, classes);
  const top = logs ? 0 : Math.max(...row);
  const powers = Array.from(row, (v) => Math.exp(v - top));
  const total = logs ? 1 : powers.reduce((sum, v) => sum + v, 0);
  return { p: powers.map((v) => v / total), label: live.pass.leaves[leaf].numbers[0] };
}
