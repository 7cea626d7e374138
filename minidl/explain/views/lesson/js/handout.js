// On paper: the screen as it stands, and under it the numbers of the chosen cell, to be worked through by hand.

function drawHandout() {
  const screen = here();
  const box = byId("handout");
  if (screen.kind !== "op") return refill(box);
  const { op, part } = screen;
  const cell = cellOf(op);
  const row = (name, index, value) =>
    make("tr", {}, make("th", { scope: "row" }, placed(name, index)), make("td", { class: "num" }, short(value, 5)));
  const rows = [];
  for (const input of op.inputs) if (input.array && cell[input.label]) rows.push(row(input.label, cell[input.label], at(input.array, cell[input.label])));
  rows.push(row("z", cell.z, at(op.z, cell.z)));
  if (op.dz) rows.push(row("dz", cell.z, at(op.dz, cell.z)));
  for (const input of op.inputs) if (input.grad && cell[input.label]) rows.push(row("d" + input.label, cell[input.label], at(input.grad, cell[input.label])));
  refill(box, make("h2", {}, say("app.handout.numbers")), make("table", {}, make("tbody", {}, ...rows)),
    make("p", {}, say("app.handout.task", { name: part.id })), make("div", { class: "ruled" }));
}
