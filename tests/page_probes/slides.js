// Move a slider, and tell what was sent: at once, a little later, and at its end.
async (values) => {
  const { Controls } = await import("/controls.js");
  const home = document.createElement("div");
  const sent = [];
  const schema = {
    type: "object",
    properties: { x: { type: "integer", minimum: 0, maximum: 100, default: 0 } },
  };
  const to = { send: (name, { x }) => `page_${sent.push(x)}`, ask: () => {}, upload: () => {} };
  const post = { requestBody: { content: { "application/json": { schema } } } };
  new Controls(home, to).show({ paths: { "/events/set_x": { post } } });
  const slider = home.querySelector("[type=range]");
  for (const value of values) {
    slider.value = value;
    slider.dispatchEvent(new Event("input"));
  }
  const atOnce = [...sent];
  await new Promise((resolve) => setTimeout(resolve, 250));
  const later = [...sent];
  slider.value = 99;
  slider.dispatchEvent(new Event("input"));
  slider.dispatchEvent(new Event("change"));
  return [atOnce, later, sent];
};
