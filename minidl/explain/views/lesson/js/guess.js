// Predicting: the formula and the result are hidden; a guess is entered, then stands beside what is true.

function guessPanel(rule) {
  const { op, part } = here();
  const name = placed(part.id, trimmed(cellOf(op)[part.label ?? part.id] ?? []));
  const field = make("input", { type: "text", inputmode: "decimal", id: "guess", autocomplete: "off", "aria-label": say("app.guess.field", { name }), "data-key": "guess" });
  const tell = (value) => tellGuess(rule, value);
  const signs = [["−", -1], ["0", 0], ["+", 1]].map(([text, value]) =>
    button(text, () => tell({ sign: value }), { "data-key": `sign-${text}`, "aria-label": say(`app.guess.${["minus", "zero", "plus"][value + 1]}`) }));
  const form = make("form", { class: "guess", on: { submit: (event) => { event.preventDefault(); tell({ text: field.value }); } } },
    make("p", { class: "question" }, make("span", { class: "num" }, `${name} = ?`)),
    make("div", { class: "answer" }, make("span", { class: "seg" }, ...signs), field, make("button", { type: "submit", "data-key": "tell" }, say("app.guess.show"))),
    make("p", { class: "note" }, say("app.guess.how")));
  return form;
}

const numberIn = (text) => Number(text.trim().replaceAll(MINUS, "-").replace(",", "."));

function tellGuess(rule, guess) {
  const truth = truthOf(rule);
  const value = guess.text === undefined || !guess.text.trim() ? undefined : numberIn(guess.text);
  state.guesses.set(guessKey(), { shown: true, sign: guess.sign ?? (value === undefined || Number.isNaN(value) ? undefined : Math.sign(value)), value: Number.isNaN(value) ? undefined : value, truth });
  show();
}

// What was asked for: the element of the recorded array; of what has no array of its own, what the part or the rule says.
function truthOf(rule) {
  const { op, part } = here();
  const cell = cellOf(op);
  if (part.value) return part.value(cell);
  if (part.phase === "forward") return at(op.z, cell.z);
  if (!part.label) return rule.terms[0].value;
  return at(op.d[part.label], cell[part.label]);
}

// The guess and the truth side by side, under the chain rule.
function comparedGuess() {
  if (!state.guessing || here().kind !== "op") return null;
  const guess = state.guesses.get(guessKey());
  if (!guess?.shown) return null;
  const said = guess.value !== undefined ? short(guess.value) : guess.sign === undefined ? "–" : ["−", "0", "+"][guess.sign + 1];
  const right = guess.sign === Math.sign(guess.truth);
  const close = guess.value !== undefined && Math.abs(guess.value - guess.truth) <= 0.1 * Math.abs(guess.truth);
  const words = close ? "close" : right ? "sign" : "wrong";
  return make("p", { class: `compared ${right ? "right" : "wrong"}`, role: "status" },
    say("app.guess.yours"), " ", make("b", { class: "num" }, said), " · ", say("app.guess.truth"), " ", make("b", { class: "num r" }, short(guess.truth)), " ", guess.sign === undefined ? "" : say(`app.guess.${words}`));
}

function toggleGuess() {
  state.guessing = !state.guessing;
  state.guesses.clear();
  show();
}
