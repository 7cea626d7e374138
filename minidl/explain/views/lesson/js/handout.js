// On paper: the screen as it stands, and under it the numbers of the chosen cell, to be worked through by hand.

function drawHandout() {
  const screen = here();
  const box = byId("handout");
  if (screen.kind !== "op") return refill(box);
  const { op, part } = screen;
  const cell = cellOf(op);
  const columns = [];
  const add = (name, index, value) => columns.push([placed(name, index), short(value, 5)]);
  for (const { label, array } of op.inputs) if (array && cell[label]) add(label, cell[label], at(array, cell[label]));
  add("z", cell.z, at(op.z, cell.z));
  if (op.dz) add("dz", cell.z, at(op.dz, cell.z));
  for (const { label, grad } of op.inputs) if (grad && cell[label]) add("d" + label, cell[label], at(grad, cell[label]));
  if (isGuessing()) for (const column of columns) if (column[0] === placed(part.id, cell[part.label ?? "z"])) column[1] = "?";
  const row = (tag, k) => make("tr", {}, ...columns.map((column) => make(tag, { class: "num" }, column[k])));
  refill(box, make("h2", {}, say("app.handout.numbers")), make("table", {}, make("thead", {}, row("th", 0)), make("tbody", {}, row("td", 1))),
    make("p", {}, say("app.handout.task", { name: part.id })), make("div", { class: "ruled" }));
}
