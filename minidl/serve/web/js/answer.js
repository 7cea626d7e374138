// The answer: the glyph, its probability, the bars with the first three marked, the sentence, what it was.
import { all, made, one } from "./dom.js";
import { isMap, stages } from "./maps.js";
import { empty, known, order, read, run, state } from "./state.js";
import { has, probability, say } from "./words.js";

const NAMED = run.classes.some((name) => name.length > 2);
const TOP = 3;

export function build(explain, decide) {
  const rows = run.classes.map((name, i) => {
    const row = made("button", { type: "button" }, made("b", { textContent: name }), made("u", {}, made("s")), made("span", { className: "num" }));
    row.addEventListener("click", () => explain(i));
    return row;
  });
  one("#rows").replaceChildren(...rows);
  const chips = run.classes.map((name, i) => {
    const chip = made("button", { type: "button", textContent: name });
    chip.addEventListener("click", () => decide(i));
    return chip;
  });
  one("#chips").replaceChildren(...chips);
  for (const css of ["#rows", "#chips"]) one(css).classList.toggle("named", NAMED);
}

export function paint() {
  const answer = known(), ranks = answer ? order() : [], look = read() ? state.answer.state : empty() || !state.answer ? "none" : "odd";
  const glyph = one("#glyph");
  glyph.className = look;
  glyph.textContent = look === "none" ? (NAMED ? "–" : `${run.classes[0]}–${run.classes.at(-1)}`) : look === "odd" ? "?" : state.answer.answer;
  glyph.classList.toggle("long", look !== "none" && glyph.textContent.length > 2);
  one("#probability").replaceChildren(...(answer ? [made("small", { textContent: `${read() ? "" : `${run.classes[ranks[0][0]]}: `}p ` }), probability(ranks[0][1])] : []));
  one("#second").textContent = answer && look !== "sure" && ranks.length > 1 ? say("then", run.classes[ranks[1][0]], probability(ranks[1][1])) : "";
  all("#rows button").forEach((row, i) => {
    const rank = ranks.findIndex(([number]) => number === i), p = rank < 0 ? 0 : ranks[rank][1];
    row.className = rank < 0 ? "" : [rank < TOP ? "top" : "", rank === 0 ? `first ${look}` : ""].join(" ");
    row.querySelector("s").style.width = `${p * 100}%`;
    row.querySelector(".num").textContent = rank >= 0 ? probability(p) : "";
    row.setAttribute("aria-pressed", state.why === i);
    row.setAttribute("aria-label", rank < 0 ? say("blankrow", run.classes[i]) : say("row", run.classes[i], probability(p)));
    row.disabled = rank < 0 || !run.has_gradients;
  });
  truth(answer);
  const sentence = one("#sentence"), trouble = state.trouble ?? (state.answer?.state === "unreadable" ? `s.${state.answer.code}` : null);
  sentence.firstElementChild.textContent = words();
  sentence.classList.toggle("bad", !!trouble);
  one("#retry").hidden = !["gone", "busy"].includes(state.trouble);
}

export function words() {
  if (state.trouble) return say(state.trouble);
  if (empty() || !state.answer) return say("empty");
  const { answer, code, warnings } = state.answer;
  if (state.why !== null && state.slope) return say(state.mode === "slope" ? "whyslope" : "whyshare", run.classes[state.why]);
  if (code) return has(`s.${code}`) ? say(`s.${code}`) : state.answer.reason;
  if (state.stage && known()) return say(isMap(state.stage) ? "stagesentence" : "valuesentence", stages()[state.stage].name);
  if (state.answer.state === "sure") return say("sure", answer);
  const torn = warnings.length === 1 && order()[0][1] < run.thresholds.sure;
  return torn ? say("unsure", answer, run.classes[order()[1][0]]) : say("doubt", answer);
}

// 1.2 · 10⁻⁴
function power(p) {
  const [number, exponent] = p.toExponential(1).split("e");
  return `${number} · 10⁻${[...exponent.slice(1)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]).join("")}`;
}

function truth(answer) {
  all("#chips button").forEach((chip, i) => {
    chip.disabled = !answer;
    chip.setAttribute("aria-pressed", state.truth === i);
  });
  const told = answer && state.truth !== null, loss = one("#loss");
  loss.classList.toggle("told", !!told);
  if (told) {
    const p = answer.probabilities[state.truth].probability, right = order()[0][0] === state.truth;
    const small = p < 5e-4 ? power(p) : p.toFixed(p > 0.9995 ? 5 : 3);
    const [before, after] = say("loss", small, "\n").split("\n");
    loss.replaceChildren(made("b", { textContent: say(right ? "right" : "misread") }), ` ${before}`, made("mark", { textContent: Math.abs(Math.log(Math.max(p, 1e-300))).toFixed(3) }), after);
  } else loss.replaceChildren(say("ask"));
  one("#save").disabled = !run.collecting || !told || typeof state.saved === "number";
  const warned = state.answer?.warnings.join("; ");
  one("#saved").textContent = state.saved === false ? say("notsaved") : state.saved ? say("saved", state.saved) : warned && !empty() ? warned : say(run.collecting ? "savingon" : "savingoff");
  const lesson = one("#lesson");
  if (!answer || !run.has_gradients) return lesson.removeAttribute("href");
  const pixels = String.fromCharCode(...answer.pixels.flat()), digit = btoa(pixels).replaceAll("+", "-").replaceAll("/", "_");
  lesson.href = `/lesson?${new URLSearchParams({ digit, label: state.truth ?? state.why ?? order()[0][0], lang: state.lang })}`;
}

