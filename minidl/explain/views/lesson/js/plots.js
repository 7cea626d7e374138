// Drawings with axes: a curve with its point and its slope; a waterfall of shares.

// curve({xs, zs, x, z, slope, hue, says, cornered}): the curve, the chosen point, and a piece of its tangent.
//   others   further points [{x, z, pick}]
function curvePlot({ xs, zs, x, z, slope, others = [], formula = "" }) {
  const [wide, high, edge] = [460, 300, 16];
  const finite = xs.map((v, i) => [v, zs[i]]).filter(([, v]) => Number.isFinite(v));
  const [left, right] = [Math.min(...xs, x), Math.max(...xs, x)];
  const reachOf = Math.max(Math.abs(left), Math.abs(right));
  const limited = finite.map(([, v]) => v).filter((v) => Math.abs(v) <= 4 * reachOf + 2);
  const low = Math.min(0, ...limited, z);
  const top = Math.max(low + 1e-9, ...limited, z);
  const px = (v) => edge + ((v - left) / (right - left || 1)) * (wide - 2 * edge);
  const py = (v) => high - 14 - ((v - low) / (top - low || 1)) * (high - 40);
  const inside = ([, v]) => v <= top + 1e-9 && v >= low - 1e-9;
  const path = finite.filter(inside).map(([a, b], i) => `${i ? "L" : "M"}${px(a).toFixed(1)},${py(b).toFixed(1)}`).join("");
  const half = 0.13 * (right - left);
  const steep = Math.min(half, Math.abs(slope) > 1e-9 ? (0.3 * (top - low)) / Math.abs(slope) : half);
  return draw(
    "svg",
    { viewBox: `0 0 ${wide} ${high}`, class: "plot", role: "img", "aria-label": say("app.curve", { x: short(x), slope: short(slope) }) },
    draw("path", { class: "axis", d: `M${edge},${py(0)}H${wide - edge}M${px(0)},14V${high - 4}` }),
    draw("path", { class: "curve", d: path }),
    draw("path", { class: "tangent", d: `M${px(x - steep)},${py(z - slope * steep)}L${px(x + steep)},${py(z + slope * steep)}` }),
    draw("path", { class: "drop", d: `M${px(x)},${py(0)}V${py(z)}` }),
    ...others.map((one) => draw("circle", { class: "other", cx: px(one.x), cy: py(one.z), r: 8, on: { click: one.pick } })),
    draw("circle", { class: "point", cx: px(x), cy: py(z), r: 12 }),
    formula ? draw("text", { class: "name", x: edge, y: 34 }, formula) : null,
  );
}

// waterfall({shares, chosen, pick, over, last}): how shares add up to a sum, one bar each; `last` is a further one (the bias).
function waterfall({ shares, chosen = -1, pick: chosenOne, over, last, result, hue = "f" }) {
  const [wide, high] = [352, 88];
  const steps = last === undefined ? shares : [...shares, last];
  const levels = steps.reduce((sums, v) => [...sums, sums.at(-1) + (v ?? 0)], [0]);
  const [low, top] = [Math.min(...levels), Math.max(...levels)];
  const y = (v) => 8 + ((top - v) / (top - low || 1)) * 72;
  const step = Math.min(40, (wide - 28) / steps.length);
  const bars = steps.map((v, k) => {
    const isLast = last !== undefined && k === steps.length - 1;
    const height = Math.max(1.5, Math.abs(y(levels[k]) - y(levels[k + 1])));
    const classes = ["bar", isLast ? "bias" : hue, v < 0 ? "hollow" : "full", k === chosen ? "on" : ""].join(" ");
    return draw("rect", { class: classes, x: k * step + 1, y: y(Math.max(levels[k], levels[k + 1])), width: Math.max(1, step - 2), height });
  });
  const act = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const k = Math.floor((((event.clientX - box.left) / box.width) * wide) / step);
    return k >= 0 && k < shares.length ? k : null;
  };
  const end = levels.at(-1);
  const svg = draw(
    "svg",
    { viewBox: `0 0 ${wide} ${high}`, class: "fall", role: "img", "aria-label": say("app.waterfall", { n: steps.length }) },
    draw("path", { class: "axis", d: `M0,${y(0)}H${wide}` }),
    ...bars,
    draw("path", { class: "ink", d: `M${steps.length * step - 1},${y(end)}H${Math.min(wide - 12, steps.length * step + 10)}` }),
    draw("circle", { class: "end", cx: Math.min(wide - 10, steps.length * step + 12), cy: y(end), r: 8 }),
  );
  if (chosenOne) {
    svg.classList.add("touch");
    svg.addEventListener("click", (event) => act(event) !== null && chosenOne(act(event)));
  }
  return svg;
}

const BARS = 10; // rows shown; of more, those around the chosen one

// bars({numbers, chosen, names, hue, pick, result}): numbers as rows with a bar each, to both sides of a line.
function bars({ numbers, chosen = -1, names, hue = "f", pick: chosenOne, over, result = false, unit, most: most_ = BARS }) {
  const top = topOf(numbers);
  const { scale, digits } = unit ?? unitOf(top);
  const below = numbers.some((v) => v < 0);
  const hidden = result && isGuessing();
  const first = Math.max(0, Math.min(chosen - Math.floor(most_ / 2), numbers.length - most_));
  const rows = numbers.slice(first, first + most_).map((v, place) => {
    const k = first + place;
    const bar = styled(make("span", { class: `bar ${hue} ${v < 0 ? "hollow" : "full"}` }), { "--length": hidden ? 0 : (Math.abs(v) / top).toFixed(4) });
    const row = make("div", { class: `bar-row ${k === chosen ? "on" : ""}` }, make("span", { class: "name num" }, names?.[k] ?? String(k)), make("span", { class: `num ${hue}` }, hidden ? "?" : fixed(v * scale, digits)), make("span", { class: `track ${below ? "both" : ""}` }, bar));
    if (over) row.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && over(k));
    if (chosenOne) row.addEventListener("click", () => chosenOne(k));
    return row;
  });
  return make("div", { class: `bars ${chosenOne ? "touch" : ""} ${numbers.length > 100 ? "hundreds" : ""}` }, ...rows);
}
