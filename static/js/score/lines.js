// One long drawing into one drawing a line. A browser repaints a drawing as a whole: with a long song in one
// piece, each note that lights up would cost as much as the song is long.

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {{x: number, top: number, bottom: number}} Area where a bar lies in the drawing */

/**
 * Which bars begin a line: those that do not stand to the right of the bar before.
 *
 * @param {Area[]} areas in the order of the music
 * @returns {number[]} indices
 */
export function lineStarts(areas) {
  return areas.flatMap((area, index) => (index === 0 || area.x <= areas[index - 1].x ? [index] : []));
}

/**
 * Where to cut: half-way between the bars of two lines.
 *
 * @param {Area[]} areas
 * @param {number[]} starts
 * @param {number} height of the whole drawing
 * @returns {{y: number, height: number}[]} without gaps, one a line
 */
export function slices(areas, starts, height) {
  const cuts = starts.slice(1).map((start, index) => {
    const above = Math.max(...areas.slice(starts[index], start).map((area) => area.bottom));
    return (above + areas[start].top) / 2;
  });
  const edges = [0, ...cuts, height];
  return starts.map((_, index) => ({ y: edges[index], height: edges[index + 1] - edges[index] }));
}

/**
 * Take a drawing apart: its symbols, and a drawing for each line of music. What the engraver drew between two
 * bars stays with the line before; it may lie outside of that line's own part and is seen all the same.
 *
 * @param {SVGSVGElement} svg left empty
 * @returns {SVGSVGElement[] | null} null: this drawing is not as the engraver makes them; it stays whole
 */
export function takeApart(svg) {
  const page = [...svg.children].find((child) => child.localName === "g");
  const bars = page ? [...page.children].filter((child) => child.classList.contains("measure")) : [];
  const areas = bars.map(areaOf).filter((area) => area !== null);
  const { width, height } = svg.viewBox.baseVal;
  if (!page || !bars.length || areas.length !== bars.length) return null;

  const starts = lineStarts(areas);
  const parts = slices(areas, starts, height);
  // Cuts are in the drawing's own measure, bars in that of their group.
  const shift = page instanceof SVGGraphicsElement ? (page.transform.baseVal.consolidate()?.matrix.f ?? 0) : 0;
  const symbols = shell(svg, `0 0 ${width} 0`, "score-symbols");
  symbols.append(...[...svg.children].filter((child) => child !== page));
  const lines = parts.map(({ y, height: tall }, index) => {
    const from = index === 0 ? 0 : y + shift;
    const to = index === parts.length - 1 ? height : y + tall + shift;
    return shell(svg, `0 ${from} ${width} ${to - from}`, "score-line");
  });

  const firstBars = new Set(starts.map((start) => bars[start]));
  let line = -1;
  for (const child of [...page.children]) {
    if (firstBars.has(child)) line += 1;
    const home = lines[Math.max(0, line)];
    if (!home.firstElementChild) home.append(page.cloneNode(false));
    home.firstElementChild?.append(child);
  }
  return [symbols, ...lines];
}

/** @param {Element} bar */
function areaOf(bar) {
  const area = bar.querySelector(":scope > .bar-area");
  if (!area) return null;
  const value = (/** @type {string} */ name) => Number(area.getAttribute(name));
  return { x: value("x"), top: value("y"), bottom: value("y") + value("height") };
}

/**
 * @param {SVGSVGElement} like
 * @param {string} viewBox
 * @param {string} name
 */
function shell(like, viewBox, name) {
  const part = document.createElementNS(SVG, "svg");
  for (const { name: attribute, value } of like.attributes) {
    if (attribute !== "width" && attribute !== "height" && attribute !== "id") part.setAttribute(attribute, value);
  }
  part.setAttribute("viewBox", viewBox);
  part.classList.add(name);
  return part;
}
