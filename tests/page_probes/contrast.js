// How well every text that is shown stands out against its ground, the worst first.
() => {
  const light = (text) => {
    const [r, g, b] = text
      .match(/[\d.]+/g)
      .map((one) => one / 255)
      .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    const { backgroundColor } = getComputedStyle(one);
    return /, 0\)$/.test(backgroundColor) && one.parentElement
      ? ground(one.parentElement)
      : backgroundColor;
  };
  const shown = [...document.querySelectorAll("body *")].filter(
    (one) =>
      one.checkVisibility() &&
      !one.matches(":disabled, option") &&
      [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()),
  );
  const ratio = (one) => {
    const [a, b] = [light(getComputedStyle(one).color), light(ground(one))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  return shown
    .map((one) => [ratio(one), one.className || one.id || one.tagName])
    .sort((a, b) => a[0] - b[0]);
};
