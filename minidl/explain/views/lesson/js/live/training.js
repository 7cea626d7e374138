// The live state: the current leaves and their pass, steps of SGD, and what the page shows of them.

const RATES = [1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];
const PER_FRAME = 5; // steps at most: the curve shall be seen to grow
const STEPPING = 12; // milliseconds of a frame that are spent on steps

const live = {
  why: undefined, // what keeps this pass from being live; null for nothing
  pass: null, // with its leaves
  steps: 0,
  losses: [], // after each step, from the recorded one on
  rate: 6, // index among RATES
  momentum: 0,
  decay: 0,
  speed: [], // momentum's v, one per leaf
  running: false,
  turns: false, // the bundled digits one after the other
  sample: null, // the one on the paper
  base: null, // where the chosen number stood: {leaf, place, value, loss, slope, curve}
  recorded: null, // the pages' arrays before the first change
  updated: null, // the update of the current pass
};

// Whether the pass is live; the first call finds out.
function isLive() {
  if (!LIVE) return false;
  if (live.why === undefined) {
    live.why = liveObstacle();
    if (!live.why) startLive();
  }
  return live.why === null;
}

function startLive() {
  const leaves = LEAVES.map((leaf) => asLive(leaf.array));
  live.pass = runBackward(leaves, runForward(leaves));
  live.losses = [lossOf(live.pass)];
  live.rate = Math.max(0, RATES.findLastIndex((rate) => rate <= (GIVEN.update ? GIVEN.update.rates[GIVEN.update.chosen] : 0.01)));
}

// Run these leaves forward and backward; every picture shows the result.
function recompute(leaves) {
  live.pass = runBackward(leaves, runForward(leaves));
  publishPass(live.pass);
}

// The leaves with one of them in other numbers.
function changedLeaves(place, change) {
  return live.pass.leaves.map((leaf, k) => {
    if (k !== place) return leaf;
    const copy = asLive(leaf);
    change(copy.numbers);
    return copy;
  });
}

// One step of SGD: g = dw + λ w; with momentum μ v ← μ v + g, else v = g; w ← w - lr v.
function trainStep() {
  if (live.turns) takeTurn();
  const { leaves, grads } = live.pass;
  const rate = RATES[live.rate];
  const moved = leaves.map((leaf, k) => {
    if (!LIVE.trained.includes(k) || !grads[k]) return leaf;
    const v = (live.speed[k] ??= new Float32Array(leaf.numbers.length));
    return mapped(leaf, (w, i) => {
      v[i] = live.momentum * v[i] + grads[k].numbers[i] + live.decay * w;
      return w - rate * v[i];
    });
  });
  live.pass = runBackward(moved, runForward(moved));
  live.steps += 1;
  live.losses.push(lossOf(live.pass));
}

function stepOnce() {
  if (!isLive()) return goTo(screenNamed("live"));
  live.base = null;
  trainStep();
  publishPass(live.pass);
  refreshLive();
}

// Step after step until told to stop: a few per frame, as many as there is time for.
function toggleRun() {
  if (!isLive()) return goTo(screenNamed("live"));
  live.running = !live.running;
  live.base = null;
  if (live.running) nextFrame();
  refreshLive();
}

let liveShownAt = 0;
function nextFrame() {
  requestAnimationFrame((now) => {
    if (!live.running) return;
    const began = performance.now();
    for (let n = 0; n < PER_FRAME && performance.now() - began < STEPPING; n++) trainStep();
    const calm = here().lesson.refresh && !STILL.matches ? 0 : 400; // other pictures are drawn anew, which is slower
    if (now - liveShownAt >= calm && !live.held) {
      liveShownAt = now;
      publishPass(live.pass);
      refreshLive();
    }
    nextFrame();
  });
}

// Back to the recorded pass.
function resetLive() {
  live.running = false;
  Object.assign(live, { steps: 0, speed: [], base: null, sample: null, updated: null, turns: false });
  startLive();
  restoreRecorded();
  clearInk();
  show();
}

// What the pages show -------------------------------------------------------------------------------------------------

const shownFields = (op) => ({ z: op.z, outs: op.outs, dz: op.dz, in: op.in, d: op.d, slope: op.slope, curve: op.curve, extra: op.extra });

// Put a pass into the operations and leaves that every lesson reads. The differences were those of the recorded pass.
function publishPass(pass) {
  live.recorded ??= {
    ops: OPS.map((op) => ({ ...shownFields(op), inputs: op.inputs.map(({ array, grad, verdict }) => ({ array, grad, verdict })) })),
    leaves: LEAVES.map(({ array, grad }) => ({ array, grad })),
    update: GIVEN.update,
  };
  live.updated = null;
  OPS.forEach((op, n) => {
    const inputs = inputsOf(op, n, pass);
    op.inputs.forEach((input, k) => {
      if (input.array) input.array = inputs[input.label];
      Object.assign(input, { grad: pass.sent[n][k] ?? null, verdict: null });
    });
    Object.assign(op, byLabel(op.inputs), { z: pass.z[n], dz: pass.dz[n] ?? null });
    op.outs &&= outputsOf(op.z, op.outs.map((out) => out.shape));
    op.extra = kernelOf(op).extras?.(pass.memo[n], inputs) ?? op.extra;
    if (op.slope) publishCurve(op, n);
  });
  LEAVES.forEach((leaf, k) => Object.assign(leaf, { array: pass.leaves[k], grad: pass.grads[k] ?? null }));
}

// Of a large pass only parts of its arrays are on the page. The rest is computed from the leaves, where that is possible.
function fillGaps() {
  const isCut = (array) => Boolean(array) && !isWhole(array);
  const arraysOf = (op) => [op.z, op.dz, ...op.inputs.flatMap(({ array, grad }) => [array, grad]), ...Object.values(op.extra)];
  if (![...OPS.flatMap(arraysOf), ...LEAVES.map(({ grad }) => grad)].some(isCut) || !isLive()) return;
  const filled_ = (array, computed) => (isCut(array) && computed ? computed : array);
  OPS.forEach((op, n) => {
    const inputs = inputsOf(op, n, live.pass);
    op.inputs.forEach((input, k) => Object.assign(input, { array: filled_(input.array, inputs[input.label]), grad: filled_(input.grad, live.pass.sent[n][k]) }));
    const extra = kernelOf(op).extras?.(live.pass.memo[n], inputs) ?? {};
    op.extra = Object.fromEntries(Object.entries(op.extra).map(([name, array]) => [name, filled_(array, extra[name])]));
    Object.assign(op, { z: filled_(op.z, live.pass.z[n]), dz: filled_(op.dz, live.pass.dz[n]), ...byLabel(op.inputs) });
    op.outs &&= outputsOf(op.z, op.outs.map((out) => out.shape));
    if (isCut(op.slope)) op.slope = mapped(op.in.x, (v, k) => SLOPES[op.op].slope(v, op.z.numbers[k], OPTIONS[n]));
  });
  LEAVES.forEach((leaf, k) => (leaf.grad = filled_(leaf.grad, live.pass.grads[k])));
}

// The slope at every element, and the curve as far as the numbers reach.
function publishCurve(op, n) {
  const { value, slope } = SLOPES[op.op];
  const x = op.in.x;
  op.slope = mapped(x, (v, k) => slope(v, op.z.numbers[k], OPTIONS[n]));
  const recorded = live.recorded.ops[n].curve;
  const points = recorded.shape[1];
  const reach_ = Math.max(recorded.numbers[points - 1], 1.15 * topOf(x.numbers));
  const along = Float32Array.from({ length: points }, (_, k) => -reach_ + (2 * reach_ * k) / (points - 1));
  const heights = along.map((v) => value(v, OPTIONS[n]));
  op.curve = new LiveArray([3, points], Float32Array.of(...along, ...heights, ...along.map((v, k) => slope(v, heights[k], OPTIONS[n]))));
}

function restoreRecorded() {
  if (!live.recorded) return;
  OPS.forEach((op, n) => {
    const { inputs, ...fields } = live.recorded.ops[n];
    Object.assign(op, fields);
    op.inputs.forEach((input, k) => Object.assign(input, inputs[k]));
  });
  LEAVES.forEach((leaf, k) => Object.assign(leaf, live.recorded.leaves[k]));
  live.recorded = null;
}

// The update that the lesson of that name shows: recorded, or of the current pass.
if (GIVEN.update) {
  const recorded = GIVEN.update;
  Object.defineProperty(GIVEN, "update", { get: () => (live.recorded && (live.updated ??= updateOf(live.pass, recorded))) || recorded });
}

const updatePlaces = {}; // of the update's arrays among VALUES
function keptAt(name, array) {
  updatePlaces[name] ??= VALUES.length;
  VALUES[updatePlaces[name]] = array;
  return updatePlaces[name];
}

function updateOf(pass, recorded) {
  const slope = LIVE.trained.reduce((sum, k) => sum + (pass.grads[k]?.numbers.reduce((all, v) => all + v * v, 0) ?? 0), 0);
  if (!(slope > 0)) return { ...recorded, slope: 0 };
  const chosen = roundRate(Math.max(Math.abs(lossOf(pass)), 1e-3) / slope / 2.5);
  const rates = recorded.rates.map((_, k) => Number(((chosen / recorded.chosen) * k).toPrecision(6)));
  const moved = (rate) => pass.leaves.map((leaf, k) => (LIVE.trained.includes(k) && pass.grads[k] ? mapped(leaf, (w, i) => w - rate * pass.grads[k].numbers[i]) : leaf));
  const again = rates.map((rate) => runForward(moved(rate)));
  const scores = recorded.scores === null ? null : OPS.find((op) => op.op === "CrossEntropy").inputs[0].from.id;
  const rows = scores === null ? null : again.map((one) => one.z[scores]);
  return {
    ...recorded,
    rates,
    slope,
    losses: keptAt("losses", new LiveArray([rates.length], Float32Array.from(again, lossOf))),
    scores: rows && keptAt("scores", new LiveArray([rates.length, ...rows[0].shape], Float32Array.of(...rows.flatMap((row) => [...row.numbers])))),
  };
}

// The largest 1, 2 or 5 times a power of ten that is not above.
function roundRate(rate) {
  const power = 10 ** Math.floor(Math.log10(rate));
  return [5, 2, 1].find((lead) => lead * power <= rate * (1 + 1e-9)) * power;
}

// Show the numbers of now. A lesson that is being touched refreshes in place; others are drawn anew.
let liveStripAt = 0;
function refreshLive() {
  const { lesson: own } = here();
  if (!own.refresh) return show();
  own.refresh();
  drawChain();
  const now = performance.now();
  if (live.running && (now - liveStripAt < 250 || live.held)) return;
  liveStripAt = now;
  refill(byId("tools"), ...tools());
  drawStrip();
}

// For the console, and for tests: every array of the current pass.
globalThis.live = Object.assign(live, { operations: OPS, leaves: LEAVES, kernels: KERNELS });
