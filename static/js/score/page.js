// The score page: brings the recording, the score, the waveform, the controls and the editor together.
import { clock } from "./clock.js";
import { Editor } from "./editor/editor.js";
import { Follower, scrollNeeded } from "./follow.js";
import { actionFor, holderOf } from "./keyboard.js";
import { loopBetween, loopSeconds, stretched, withEnd } from "./loop.js";
import { Picture } from "./picture.js";
import { Player } from "./player.js";
import { ScoreView } from "./score_view.js";
import { Sheet, fetchSvg } from "./sheet.js";
import { STEP } from "./speed.js";
import { Timing } from "./timing.js";
import { Waveform } from "./waveform.js";

/** How long a hit stays lit, in seconds of the listener. Chosen by eye. */
const LIT_S = 0.16;
/** So near to its start "back" goes to the bar before, in seconds of the listener. */
const GRACE_S = 0.6;

/**
 * @typedef {object} PlayerData
 * @property {string | null} audio_url null: a score without a recording
 * @property {string | null} peaks_url
 * @property {string | null} video_url null: nothing was filmed, or no browser plays it
 * @property {string} timing_url
 * @property {Record<import("./variants.js").Variant, string>} svg_urls
 * @property {string} drum_key_url
 * @property {string} notation_url
 * @property {boolean} can_edit
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
  // What the browser has kept may be of an earlier revision; the server says so by its ETag.
  const response = await fetch(url, { credentials: "same-origin", cache: "no-cache" });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.json();
}

try {
  start(new Timing(await json(data.timing_url)));
} catch (error) {
  console.error(error);
  complain("The times of the notes could not be loaded, so nothing lights up. Load the page again in a moment.");
}

/** @param {string} text "": there is nothing to complain of any more */
function complain(text) {
  const box = part("player-error");
  box.textContent = text;
  box.hidden = text === "";
}

/** @param {Timing} firstTiming */
function start(firstTiming) {
  let timing = firstTiming;
  const hasRecording = Boolean(data.audio_url);
  // Without a recording there is still a place in the music; an element with nothing to play keeps it.
  const player = new Player(hasRecording ? /** @type {HTMLMediaElement} */ (part("audio")) : new Audio());
  const transport = part("transport");
  const scorePlace = part("score");
  const svgPlace = part("score-svg");
  const playButton = part("play");
  const speedInput = /** @type {HTMLInputElement} */ (part("speed"));
  const loopButton = part("loop");
  const loopFrom = /** @type {HTMLInputElement} */ (part("loop-from"));
  const loopTo = /** @type {HTMLInputElement} */ (part("loop-to"));
  const announce = part("score-announce");

  transport.hidden = !hasRecording;
  if (hasRecording) part("plain-audio").hidden = true;
  scorePlace.classList.toggle("score--live", hasRecording);

  const waveform = new Waveform(part("waveform"), /** @type {HTMLCanvasElement} */ (part("waveform-canvas")));
  const view = new ScoreView(svgPlace, timing);
  view.isPassive = !hasRecording;
  /** @type {Editor | null} */
  let editor = null;
  /** What neither the editor's tools nor the player cover, in pixels from the window's top. */
  const inView = () => ({
    top: editor?.isOpen ? Math.max(0, part("editor").getBoundingClientRect().bottom) : 0,
    bottom: transport.hidden ? window.innerHeight : (picture?.isShown ? picture.panel : transport).getBoundingClientRect().top,
  });
  const picture = data.video_url
    ? new Picture({
        player,
        panel: part("picture"),
        video: /** @type {HTMLVideoElement} */ (part("picture-video")),
        button: part("picture-toggle"),
        sizeButton: part("picture-size"),
        closeButton: part("picture-close"),
        url: data.video_url,
      })
    : null;
  const follower = new Follower({ transport, button: part("return"), inView });

  /** @type {import("./loop.js").Loop} */
  let loop = loopBetween(timing.firstNumber, timing.firstNumber + 3, timing.firstNumber, timing.lastNumber);
  let looping = false;

  if (data.peaks_url) {
    json(data.peaks_url).then(
      (outline) => waveform.setOutline(outline),
      () => {}, // a flat strip still seeks
    );
  }

  // --- what happens in the recording, shown ---
  let barIndex = -2;
  const showTime = () => {
    const time_s = player.time_s;
    part("time").textContent = clock(time_s);
    const isEdited = editor?.isOpen === true;
    // Whoever edits has come to a note to change it, not to see it lit.
    const isCue = (isEdited || !hasRecording) && !player.playing;
    view.light(isCue ? [0, 0] : timing.soundingAt(time_s, LIT_S * (player.speed / 100)));
    const index = timing.barIndexAt(time_s);
    if (index !== barIndex) {
      barIndex = index;
      part("bar").textContent = index < 0 ? "–" : String(timing.bars[index].number);
    }
    if (view.showBar(hasRecording || isEdited ? index : -1) && !isCue && (player.playing || time_s > 0)) follower.show(view.currentLine);
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
    for (const [input, value] of /** @type {const} */ ([[loopFrom, loop.from], [loopTo, loop.to]])) {
      input.min = String(timing.firstNumber);
      input.max = String(timing.lastNumber);
      input.value = String(value);
    }
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
    toggle: () => void (hasRecording && player.toggle()),
    back: () => goByBar(-1),
    on: () => goByBar(1),
    faster: () => player.setSpeed(player.speed + STEP),
    slower: () => player.setSpeed(player.speed - STEP),
    loop: () => setLoop(loop, !looping),
    from: () => setLoop(withEnd(loop, "from", currentNumber())),
    to: () => setLoop(withEnd(loop, "to", currentNumber())),
    start: () => seek(0),
    picture: () => picture?.toggle(),
    help: () => /** @type {HTMLDialogElement} */ (part("shortcuts-dialog")).showModal(),
  };
  const buttons = { play: "toggle", start: "start", slower: "slower", faster: "faster", loop: "loop", "set-a": "from", "set-b": "to", shortcuts: "help" };
  for (const [name, action] of Object.entries(buttons)) {
    part(name).addEventListener("click", act[/** @type {keyof typeof act} */ (action)]);
  }
  window.addEventListener("keydown", (event) => {
    const holder = holderOf(event.target);
    if (editor?.isOpen && event.key !== " ") {
      editor.press(event, holder);
      return;
    }
    const action = actionFor(event, holder);
    if (!action) return;
    event.preventDefault();
    act[action]();
  });
  speedInput.addEventListener("input", () => player.setSpeed(Number(speedInput.value)));
  loopFrom.addEventListener("change", () => setLoop(withEnd(loop, "from", loopFrom.valueAsNumber)));
  loopTo.addEventListener("change", () => setLoop(withEnd(loop, "to", loopTo.valueAsNumber)));
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

  // --- the engraving, and the score that is edited ---
  const sheet = new Sheet({
    frame: scorePlace,
    place: svgPlace,
    urls: data.svg_urls,
    shown: () => {
      view.adopt();
      editor?.adopt();
      barIndex = -2;
      showTime();
    },
  });
  let redraws = 0;
  const redraw = async (/** @type {number} */ revision) => {
    const ticket = (redraws += 1);
    const [next, key] = await Promise.all([json(data.timing_url), fetchSvg(data.drum_key_url)]);
    if (ticket !== redraws) return; // edited on in the meantime: the later one shows
    await sheet.showRevision(revision, () => {
      timing = new Timing(next);
      view.timing = timing;
      loop = loopBetween(loop.from, loop.to, timing.firstNumber, timing.lastNumber);
      document.querySelector("[data-drum-key]")?.replaceChildren(key);
    });
    showLoop();
  };
  transport.addEventListener("click", (event) => {
    // As with the editor's tools: after a mouse or a finger the keys go on belonging to the score.
    const control = event.target instanceof Element ? event.target.closest("button, [data-waveform]") : null;
    if (event.detail > 0 && control && editor?.isOpen) svgPlace.focus({ preventScroll: true });
  });
  if (data.can_edit) {
    editor = new Editor({
      url: data.notation_url,
      root: part("editor"),
      place: svgPlace,
      button: part("edit"),
      page: {
        currentBar: currentNumber,
        time_s: () => player.time_s,
        cue: (time_s) => {
          if (!player.playing) player.seek(time_s);
        },
        redraw,
        complain,
        reveal: (line) => {
          const by = scrollNeeded(line.getBoundingClientRect(), inView());
          if (Math.abs(by) > 1) window.scrollBy({ top: by });
        },
        changed: () => {
          view.isPassive = !hasRecording || editor?.isOpen === true;
          showTime();
        },
      },
    });
  }

  showLoop();
  showSpeed();
  showLength();
  showState();
  showTime();
  void sheet.fit();
}
