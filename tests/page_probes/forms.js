// Make the forms of a document, fill them in, send them all, and tell what was sent.
async ([document, edits]) => {
  const { Controls } = await import("/controls.js");
  const home = window.document.createElement("div");
  window.document.body.append(home);
  const sent = [];
  const controls = new Controls(home, {
    send: (name, data) => `page_${sent.push([name, data])}`,
    ask: () => {},
    upload: () => {},
  });
  controls.show(document);
  for (const [name, value] of Object.entries(edits)) {
    const input = home.querySelector(`[data-parameter="${name}"]`);
    if (input.type === "checkbox") input.checked = value;
    else input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
  for (const form of home.querySelectorAll("form")) form.requestSubmit();
  await new Promise((resolve) => setTimeout(resolve));
  const errors = [...home.querySelectorAll(".error:not(:empty)")].map((one) => one.textContent);
  return {
    sent,
    errors,
    inputs: home.querySelectorAll("[data-parameter]").length,
    images: home.querySelectorAll("img").length,
    text: home.textContent,
  };
};
