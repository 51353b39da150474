// The score page: brings the recording, the score, the waveform and the controls together.
import { clock } from "./clock.js";
import { Follower } from "./follow.js";
import { actionFor, holderOf } from "./keyboard.js";
import { loopBetween, loopSeconds, stretched, withEnd } from "./loop.js";
import { Player } from "./player.js";
import { ScoreView } from "./score_view.js";
import { STEP } from "./speed.js";
import { Timing } from "./timing.js";
import { DESKTOP_FROM_PX, TABLET_FROM_PX, variantFor } from "./variants.js";
import { Waveform } from "./waveform.js";

/** How long a hit stays lit, in seconds of the listener. Chosen by eye. */
const LIT_S = 0.16;
/** So near to its start "back" goes to the bar before, in seconds of the listener. */
const GRACE_S = 0.6;

/**
 * @typedef {object} PlayerData
 * @property {string} audio_url
 * @property {string} peaks_url
 * @property {string} timing_url
 * @property {Record<import("./variants.js").Variant, string>} svg_urls
 */

const page = /** @type {HTMLElement} */ (document.querySelector("[data-score-page]"));
/** @type {PlayerData} */
const data = JSON.parse(document.getElementById("player-data")?.textContent ?? "{}");

/**
 * @template {Element} [T=HTMLElement]
 * @param {string} name of the data- attribute
 * @returns {T}
 */
function part(name) {
  const found = page.querySelector(`[data-${name}]`) ?? document.querySelector(`[data-${name}]`);
  if (!found) throw new Error(`the page has no data-${name}`);
  return /** @type {T} */ (/** @type {unknown} */ (found));
}

/** @param {string} url */
async function json(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.json();
}

try {
  start(new Timing(await json(data.timing_url)));
} catch (error) {
  console.error(error);
  complain("The times of the notes could not be loaded, so nothing lights up. The recording plays all the same.");
}

/** @param {string} text */
function complain(text) {
  const box = part("player-error");
  box.textContent = text;
  box.hidden = false;
}

/** @param {Timing} timing */
function start(timing) {
  const player = new Player(/** @type {HTMLMediaElement} */ (part("audio")));
  const transport = part("transport");
  const scorePlace = part("score");
  const svgPlace = part("score-svg");
  const playButton = part("play");
  const speedInput = /** @type {HTMLInputElement} */ (part("speed"));
  const loopButton = part("loop");
  const loopFrom = /** @type {HTMLInputElement} */ (part("loop-from"));
  const loopTo = /** @type {HTMLInputElement} */ (part("loop-to"));
  const announce = part("score-announce");

  transport.hidden = false;
  part("plain-audio").hidden = true;
  scorePlace.classList.add("score--live");

  const waveform = new Waveform(part("waveform"), /** @type {HTMLCanvasElement} */ (part("waveform-canvas")));
  const view = new ScoreView(svgPlace, timing);
  const follower = new Follower({ transport, button: part("return") });

  /** @type {import("./loop.js").Loop} */
  let loop = loopBetween(timing.firstNumber, timing.firstNumber + 3, timing.firstNumber, timing.lastNumber);
  let looping = false;

  json(data.peaks_url).then(
    (outline) => waveform.setOutline(outline),
    () => {}, // a flat strip still seeks
  );

  // --- what happens in the recording, shown ---
  let barIndex = -2;
  const showTime = () => {
    const time_s = player.time_s;
    part("time").textContent = clock(time_s);
    view.light(timing.soundingAt(time_s, LIT_S * (player.speed / 100)));
    const index = timing.barIndexAt(time_s);
    if (index !== barIndex) {
      barIndex = index;
      part("bar").textContent = index < 0 ? "–" : String(timing.bars[index].number);
    }
    if (view.showBar(index) && (player.playing || time_s > 0)) follower.show(view.currentLine);
    waveform.setTime(time_s, index < 0 ? "" : `bar ${timing.bars[index].number}`);
  };
  const showLength = () => {
    part("duration").textContent = clock(player.length_s);
    waveform.setLength(player.length_s);
  };
  const showState = () => {
    playButton.classList.toggle("is-playing", player.playing);
    playButton.setAttribute("aria-label", player.playing ? "Pause" : "Play");
  };
  const showSpeed = () => {
    speedInput.value = String(player.speed);
    speedInput.setAttribute("aria-valuetext", `${player.speed} %`);
    part("speed-value").textContent = `${player.speed} %`;
  };
  const showLoop = () => {
    loopButton.setAttribute("aria-pressed", String(looping));
    loopFrom.value = String(loop.from);
    loopTo.value = String(loop.to);
    const span = looping ? loopSeconds(loop, timing) : null;
    view.showLoop(looping ? loop : null);
    waveform.setLoop(span);
    player.setLoop(span);
  };
  player.addEventListener("time", showTime);
  player.addEventListener("length", showLength);
  player.addEventListener("state", showState);
  player.addEventListener("speed", showSpeed);
  player.addEventListener("trouble", () => {
    complain("This browser cannot play the recording. The score is complete; the downloads work.");
  });

  // --- what the reader does ---
  const seek = (/** @type {number} */ time_s) => {
    player.seek(time_s);
    follower.comeBack();
  };
  const goByBar = (/** @type {1 | -1} */ direction) => {
    seek(timing.neighbourStart(player.time_s, direction, GRACE_S * (player.speed / 100)));
    const index = timing.barIndexAt(player.time_s);
    if (!player.playing && index >= 0) announce.textContent = `Bar ${timing.bars[index].number}`;
  };
  const setLoop = (/** @type {import("./loop.js").Loop} */ next, on = true) => {
    loop = loopBetween(next.from, next.to, timing.firstNumber, timing.lastNumber);
    looping = on;
    showLoop();
    announce.textContent = on ? `Loop: bar ${loop.from} to ${loop.to}` : "Loop off";
  };
  const currentNumber = () => timing.bars[Math.max(0, timing.barIndexAt(player.time_s))].number;
  const act = {
    toggle: () => void player.toggle(),
    back: () => goByBar(-1),
    on: () => goByBar(1),
    faster: () => player.setSpeed(player.speed + STEP),
    slower: () => player.setSpeed(player.speed - STEP),
    loop: () => setLoop(loop, !looping),
    from: () => setLoop(withEnd(loop, "from", currentNumber())),
    to: () => setLoop(withEnd(loop, "to", currentNumber())),
    start: () => seek(0),
    help: () => /** @type {HTMLDialogElement} */ (part("shortcuts-dialog")).showModal(),
  };
  const buttons = { play: "toggle", start: "start", slower: "slower", faster: "faster", loop: "loop", "set-a": "from", "set-b": "to", shortcuts: "help" };
  for (const [name, action] of Object.entries(buttons)) {
    part(name).addEventListener("click", act[/** @type {keyof typeof act} */ (action)]);
  }
  window.addEventListener("keydown", (event) => {
    const action = actionFor(event, holderOf(event.target));
    if (!action) return;
    event.preventDefault();
    act[action]();
  });
  speedInput.addEventListener("input", () => player.setSpeed(Number(speedInput.value)));
  loopFrom.addEventListener("change", () => setLoop(withEnd(loop, "from", loopFrom.valueAsNumber)));
  loopTo.addEventListener("change", () => setLoop(withEnd(loop, "to", loopTo.valueAsNumber)));
  for (const input of [loopFrom, loopTo]) {
    input.min = String(timing.firstNumber);
    input.max = String(timing.lastNumber);
  }
  const practice = part("practice");
  const practiceToggle = part("practice-toggle");
  practiceToggle.addEventListener("click", () => {
    practiceToggle.setAttribute("aria-expanded", String(practice.classList.toggle("is-open")));
  });
  waveform.addEventListener("seek", (event) => seek(/** @type {CustomEvent<number>} */ (event).detail));
  view.addEventListener("bar", (event) => {
    const { number, shift } = /** @type {CustomEvent<{number: number, shift: boolean}>} */ (event).detail;
    if (shift) setLoop(stretched(looping ? loop : null, currentNumber(), number));
    else seek(timing.barNumbered(number)?.start_s ?? 0);
  });
  view.addEventListener("range", (event) => {
    const { from, to, done } = /** @type {CustomEvent<{from: number, to: number, done: boolean}>} */ (event).detail;
    const dragged = loopBetween(from, to, timing.firstNumber, timing.lastNumber);
    if (!done) {
      view.showLoop(dragged);
      return;
    }
    setLoop(dragged);
    const span = loopSeconds(dragged, timing);
    if (span && (player.time_s < span.start_s || player.time_s >= span.end_s)) player.seek(span.start_s);
  });

  // --- the engraving that fits the window ---
  const fit = async () => {
    const variant = variantFor(window.innerWidth);
    if (svgPlace.dataset.variant === variant || !data.svg_urls?.[variant]) return;
    svgPlace.dataset.variant = variant;
    scorePlace.classList.add("score--loading");
    try {
      const svg = await fetchSvg(data.svg_urls[variant]);
      if (svgPlace.dataset.variant !== variant) return; // resized on in the meantime
      svgPlace.replaceChildren(svg);
      view.adopt();
      barIndex = -2;
      showTime();
    } catch (error) {
      console.error(error); // the engraving that is there stays
    } finally {
      scorePlace.classList.remove("score--loading");
    }
  };
  for (const edge of [TABLET_FROM_PX, DESKTOP_FROM_PX]) {
    matchMedia(`(min-width: ${edge}px)`).addEventListener("change", fit);
  }

  showLoop();
  showSpeed();
  showLength();
  showState();
  showTime();
  void fit();
}

/** @param {string} url */
async function fetchSvg(url) {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const parsed = new DOMParser().parseFromString(await response.text(), "image/svg+xml");
  if (parsed.documentElement.localName !== "svg") throw new Error(`${url} is no SVG`);
  return document.importNode(parsed.documentElement, true);
}
