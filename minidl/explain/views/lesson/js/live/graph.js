// The recorded graph run anew: forward through every operation, backward to every tensor that wants a gradient.

const LIVE = GIVEN.live ?? null;

// The options of an operation for its kernel; those that are arrays as LiveArrays.
const OPTIONS = OPS.map((op, n) => {
  const arrays = Object.entries(LIVE?.options[n] ?? {}).map(([name, place]) => [name, asLive(VALUES[place])]);
  return { ...op.options, ...Object.fromEntries(arrays) };
});

function asLive(array) {
  return new LiveArray(array.shape, Float32Array.from(array.numbers));
}

// Why this pass cannot be run live: {key, holes} of words; null if it can.
function liveObstacle() {
  const whole = LEAVES.find((leaf) => !isWhole(leaf.array));
  const strange = OPS.find((op) => !op.taught || !kernelOf(op));
  const half = OPS.find((op) => op.z.dtype === "float16");
  if (strange) return { key: "live.no.kernel", holes: { op: strange.op, name: strange.slug } };
  if (LIVE.hooked.length) return { key: "live.no.hook", holes: { name: OPS[LIVE.hooked[0]].slug } };
  if (LIVE.ends.length) return { key: "live.no.inplace", holes: { name: LEAVES[LIVE.ends[0]].name ?? "?" } };
  if (half) return { key: "live.no.half", holes: { name: half.slug } };
  if (whole) return { key: "live.no.whole", holes: { name: whole.name ?? "?", n: counted(sizeOf(whole.array.shape)) } };
  const leaves = LEAVES.map((leaf) => asLive(leaf.array));
  const pass = runBackward(leaves, runForward(leaves));
  const differs = OPS.find((op, n) => !isAlike(pass.z[n], op.z));
  if (differs) return { key: "live.no.differs", holes: { name: differs.slug } };
  const wrong = LIVE.trained.find((leaf) => !isAlike(pass.grads[leaf], LEAVES[leaf].grad));
  return wrong === undefined ? null : { key: "live.no.differs", holes: { name: LEAVES[wrong].name ?? "?" } };
}

// Whether an array is the recorded one, up to rounding, as far as that is on the page.
function isAlike(array, recorded) {
  if (!array || !isWhole(recorded)) return Boolean(array);
  const room = 1e-3 * topOf(recorded.numbers) + 1e-7;
  return recorded.numbers.every((v, k) => Math.abs(v - array.numbers[k]) <= room || !Number.isFinite(v));
}

// {z, memo}: what every operation makes of these leaves, and what its backward will need.
function runForward(leaves) {
  const pass = { leaves, z: [], memo: [] };
  OPS.forEach((op, n) => {
    const memo = {};
    const z = kernelOf(op).forward(inputsOf(op, n, pass), OPTIONS[n], memo);
    pass.z[n] = memo.z = z;
    pass.memo[n] = memo;
  });
  return pass;
}

function inputsOf(op, n, pass) {
  const found = {};
  op.inputs.forEach((input, k) => {
    const leaf = LIVE.leaves[n][k];
    if (input.from) found[input.label] = outputOf(input.from, input.place, pass.z[input.from.id]);
    else if (leaf !== null) found[input.label] = pass.leaves[leaf];
    else found[input.label] = typeof input.number === "number" ? new LiveArray([], Float32Array.of(input.number)) : null;
  });
  return found;
}

// One output of an operation, of the array that holds all of them; it shares their numbers.
function outputOf(op, place, all) {
  const out = op.outs?.[place];
  return out ? new LiveArray(out.shape, all.numbers.subarray(out.start, out.start + sizeOf(out.shape))) : all;
}

// Adds to a pass {dz, sent, grads}: what arrived at every operation, what it sent to each input, and what each leaf got.
function runBackward(leaves, pass) {
  const { dz, sent, grads } = Object.assign(pass, { dz: [], sent: OPS.map(() => []), grads: [] });
  LIVE.seeds.forEach((place, n) => place !== null && (dz[n] = asLive(VALUES[place])));
  const add = (list, place, gradient) => (list[place] = list[place] ? zipped(list[place], gradient, (a, b) => a + b) : gradient);
  OPS.toReversed().forEach((op) => {
    const n = op.id;
    if (!dz[n]) return;
    const inputs = inputsOf(op, n, pass);
    const needs = Object.fromEntries(op.inputs.map((input) => [input.label, input.wants]));
    const found = kernelOf(op).backward(inputs, dz[n], OPTIONS[n], pass.memo[n], needs);
    op.inputs.forEach((input, k) => {
      if (!input.wants || !found[input.label]) return;
      const gradient = (sent[n][k] = sumTo(found[input.label], inputs[input.label].shape));
      if (input.from?.outs) addTo(outputOf(input.from, input.place, (dz[input.from.id] ??= new LiveArray(pass.z[input.from.id].shape))), gradient);
      else if (input.from) add(dz, input.from.id, gradient);
      else add(grads, LIVE.leaves[n][k], gradient);
    });
  });
  return pass;
}

function addTo(sum, share) {
  share.numbers.forEach((v, k) => (sum.numbers[k] += v));
}

const lossOf = (pass) => pass.z[LIVE.seeds.findLastIndex((seed) => seed !== null)].numbers.reduce((sum, v) => sum + v, 0);
