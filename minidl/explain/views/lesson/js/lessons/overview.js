// The whole network: every operation as a card with its values and its gradients; a click zooms into one. The more
// operations, the smaller the cards; what then has no room is scrolled to.
const ROOMY = 9;
const CROWDED = 16;

lesson({
  name: "overview",
  draw() {
    const crowded = OPS.length > CROWDED;
    const thumbOf = (array, hue) => thumb(array, hue, ...(crowded ? [2, 4.6] : OPS.length > ROOMY ? [2.9, 6] : [5, 9]));
    const input = stagesOf().find((stage) => !stage.op);
    const given = input ? [make("div", { class: "card given" }, make("b", {}, input.text), thumbOf(input.array, "f"), make("small", { class: "num" }, input.array.shape.join(" × ")))] : [];
    const cards = OPS.map((op) => {
      const go = (event) => zoomFrom(event.currentTarget.getBoundingClientRect(), () => goTo(screenOf(op, "z")));
      return filled(
        button("", go, { class: "card", "data-key": `card-${op.id}` }),
        make("b", {}, shortName(op)),
        thumbOf(firstOutput(op), "f"),
        op.dz ? thumbOf(op.dz, "b") : null,
        op.slopeOf !== null ? make("small", {}, `▲ ${shortName(OPS[op.slopeOf])}`) : crowded ? null : make("small", { class: "num" }, firstOutput(op).shape.join(" × ") || say(op.uses.length || (SECOND && !op.dz) ? "overview.number" : "overview.loss")),
      );
    });
    const legend_ = make("p", { class: "muted told" }, make("b", { class: "f" }, say("overview.values")), " · ", make("b", { class: "b" }, say("overview.gradients")), " · ", say("overview.open"));
    return make("div", { class: "stack overview" }, make("div", { class: `cards ${OPS.length <= ROOMY ? "few" : crowded ? "many" : "some"}`, tabindex: crowded ? 0 : null }, ...given, ...cards), legend_, ...(OPS.length > ROOMY ? [] : [make("p", { class: "told" }, say("overview.short")), make("p", { class: "muted told" }, say("overview.back"), " ", say("overview.nudge"))]));
  },
});
