// What the class writes for a blank backward, judged line by line: "dw = dz.T @ x", "return dz * (1 - z * z)".

// The arrays of a node's backward by name, those that are there before its end and those that it makes: {given, made}.
function backwardNames(node) {
  const [given, made] = [{}, {}];
  const steps = STEPS.filter((step) => step.phase === "backward" && step.node === node.id);
  const main = steps.filter((step) => step.source === node.backward_source);
  const hold = (names, name, held) => {
    if (Object.hasOwn(names, name)) return;
    if (typeof held === "number") names[name] = VALUES[held];
    else if (/^-?\d+$/.test(held)) names[name] = { shape: [], block: [], numbers: Float64Array.of(Number(held)) };
  };
  node.inputs.forEach((input) => hold(given, input.label, input.value));
  hold(given, "z", node.output);
  const dz = arrivedAt(node);
  if (dz) given.dz = dz;
  for (const step of main) {
    for (const [name, held, changed] of step.locals) hold(name === "return" || changed ? made : given, name, held);
  }
  (steps.at(-1)?.returned ?? []).forEach((held, k) => held !== null && hold(made, returnedName(steps.at(-1), k), held));
  for (const name of Object.keys(made)) if (!name.startsWith("d") && name !== "return") given[name] ??= made[name];
  return { given, made };
}

// The gradient that arrived at a node's output: the sum of those that its consumers sent, where all are on the page.
function arrivedAt(node) {
  const sent = TAPE.nodes.flatMap((other) =>
    other.inputs.flatMap((input, k) => {
      if (input.from !== node.id) return [];
      const last = STEPS.findLast((step) => step.phase === "backward" && step.node === other.id);
      return [VALUES[last?.returned?.[k]]];
    }),
  );
  const { shape, block } = VALUES[node.output];
  const known = sent.every((value) => value && isWhole(value) && formatTuple(value.shape) === formatTuple(shape));
  if (!sent.length || !known) return undefined;
  const sum = sent[0].numbers.map((_, i) => sent.reduce((total, value) => total + value.numbers[i], 0));
  return { shape, block, numbers: sum };
}

// One line of what was written: {name, ...} as of judgeLine, or null for an empty line or a comment.
function judgeWritten(line, node, names) {
  const text = line.replace(/#.*$/, "").trim();
  if (!text || text.startsWith("def ")) return null;
  const match = /^(?:([A-Za-z_]\w*)\s*=(?!=)|return\b)(.*)$/s.exec(text);
  const name = match?.[1] ?? "return";
  const expression = match ? match[2] : text;
  const parts = match?.[1] ? [] : returnedOf(node);
  const whole = parts.length === 1 && (mentions(expression, "dz") || !names.made.return); // or a slope, without dz
  const target = names.made[whole ? parts[0] : name];
  const absent = [...Object.entries(names.given), [name, target]].find(
    ([known, array]) => array && !isWhole(array) && (known === name || mentions(expression, known)),
  );
  if (absent) return { name, state: "error", key: "sampled", holes: { name: absent[0] } };
  if (!target) return assigned(name, expression, names, parts);
  const found = judgeLine(expression, names.given, target);
  if (match?.[1] && found.state === "right") names.given[name] = target;
  return { name: whole ? parts[0] : name, ...found };
}

// A name of the class's own: it is computed, and known from now on. Several gradients that are returned: each judged.
function assigned(name, expression, names, parts) {
  try {
    const found = evaluate(expression, names.given);
    if (name !== "return") {
      if (found.length !== 1) return { name, state: "error", key: "several", holes: { count: found.length } };
      names.given[name] = { ...found[0], block: found[0].shape.map((n) => [0, n]) };
      return { name, state: "known" };
    }
    if (found.length !== parts.length)
      return { name, state: "error", key: "returned", holes: { count: parts.length, names: parts.join(", ") } };
    const wrong = found.map((array, k) => ({ name: parts[k], ...compared(array, names.made[parts[k]]) }));
    return wrong.find(({ state }) => state !== "right") ?? { name: parts.join(", "), state: "right" };
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    return { name, state: "error", key: error.key, holes: error.holes };
  }
}

// The names of the gradients that a node's backward returns.
function returnedOf(node) {
  const last = STEPS.findLast((step) => step.phase === "backward" && step.node === node.id);
  return (last?.returned ?? []).flatMap((held, k) => (held === null ? [] : [returnedName(last, k)]));
}

function mentions(text, name) {
  const literal = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\w.])${literal}(?!\\w)`).test(text);
}

// The verdicts on all lines, as a list.
function writtenVerdicts(text, node) {
  const names = backwardNames(node);
  const found = text.split("\n").map((line) => judgeWritten(line, node, names));
  return found.filter(Boolean).map((verdict) => {
    const wrong = verdict.state !== "right" && verdict.state !== "known";
    const sign = verdict.state === "right" ? "✓" : wrong ? "✗" : "·";
    return make(
      "li",
      { class: verdict.state, "data-state": verdict.state },
      make("span", { "aria-hidden": "true" }, sign + " "),
      writtenWords(verdict),
    );
  });
}

function writtenWords(verdict) {
  const { name, state, place, yours, wanted } = verdict;
  if (state === "error") return t("written." + verdict.key, { ...verdict.holes });
  if (state === "right" || state === "known") return t("written." + state, { name });
  if (state === "shape") return t("written.shape", { name, yours, wanted });
  const where = place.length ? `${name}[${place.join(", ")}]` : name;
  return t("written.wrong", { where, yours: formatNumber(yours), wanted: formatNumber(wanted) });
}
