// The whole network: every operation as a card with its values and its gradients; a click zooms into one.

lesson({
  name: "overview",
  draw() {
    const input = stagesOf().find((stage) => !stage.op);
    const given = input ? [make("div", { class: "card given" }, make("b", {}, input.text), thumb(input.array, "f", 5, 9), make("small", { class: "num" }, input.array.shape.join(" × ")))] : [];
    const cards = OPS.map((op) => {
      const go = (event) => zoomFrom(event.currentTarget.getBoundingClientRect(), () => goTo(screenOf(op, "z")));
      return filled(
        button("", go, { class: "card", "data-key": `card-${op.id}` }),
        make("b", {}, shortName(op)),
        thumb(firstOutput(op), "f", 5, 9),
        op.dz ? thumb(op.dz, "b", 5, 9) : null,
        op.slopeOf !== null ? make("small", {}, `▲ ${shortName(OPS[op.slopeOf])}`) : make("small", { class: "num" }, firstOutput(op).shape.join(" × ") || say(op.uses.length || (SECOND && !op.dz) ? "overview.number" : "overview.loss")),
      );
    });
    const legend_ = make("p", { class: "muted told" }, make("b", { class: "f" }, say("overview.values")), " · ", make("b", { class: "b" }, say("overview.gradients")), " · ", say("overview.open"));
    return make("div", { class: "stack" }, make("div", { class: `cards ${OPS.length <= 10 ? "few" : ""}` }, ...given, ...cards), legend_);
  },
});
