// Fill a log, filter it, clear it.
async (lines) => {
  const { Log } = await import("/log.js");
  const make = (tag) => document.createElement(tag);
  const list = make("ol"),
    filter = make("input"),
    clear = make("button"),
    note = make("p");
  const log = new Log(list, filter, clear, note);
  for (let line = 0; line < lines; line += 1)
    log.add(line % 2 ? "in" : "out", "data", `line ${line}.`);
  const texts = () =>
    [...list.children]
      .filter((one) => !one.hidden)
      .map((one) => one.querySelector("code").textContent);
  const all = texts();
  filter.value = "LINE 51";
  filter.dispatchEvent(new Event("input"));
  log.add("in", "data", "of no interest");
  const some = texts();
  clear.click();
  return { all, some, left: list.childElementCount, note: note.textContent };
};
